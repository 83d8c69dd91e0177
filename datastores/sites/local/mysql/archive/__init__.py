"""MySQL's archive: clones kept by restic, and the binary log as encrypted files."""
