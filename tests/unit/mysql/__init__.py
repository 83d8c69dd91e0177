"""MySQL without a server: settings, verifiers, statements, snippets."""
