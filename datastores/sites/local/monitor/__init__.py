"""Watches the nodes of this machine: notices at once when one fails, and does what is to be done about it."""
