"""A cache's archive: copies of its append-only files, kept by restic."""
