"""The local site: this machine runs the engines itself."""
