"""Backups and logs of this machine's data stores: where they are kept, and what an engine must do for them."""
