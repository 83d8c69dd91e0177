"""Engines: what a kind of server is, whatever site it runs on."""
