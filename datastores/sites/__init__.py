"""Sites: where nodes really run."""
