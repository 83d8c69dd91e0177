"""Long work: rows that are the truth, procedures whose methods are steps, and the runner between them."""
