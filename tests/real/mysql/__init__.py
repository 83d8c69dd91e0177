"""A real MySQL node without supervisor and edge: what the engine itself must hold."""
