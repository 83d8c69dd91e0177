"""A real cache node without supervisor: what the engine itself must hold."""
