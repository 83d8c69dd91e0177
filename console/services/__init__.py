"""The console's own services: what each is, in which order they start and stop, and how they stand."""
