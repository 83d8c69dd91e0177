"""The cache on this machine."""

from datastores.sites.local.cache.engine import LocalCache

__all__ = ["LocalCache"]
