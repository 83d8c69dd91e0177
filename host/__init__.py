"""What this machine holds and runs: directories, engine trees, supervised services, certificates, processes."""
