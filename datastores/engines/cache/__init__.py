"""The cache: what it is, how clients reach it, what its logins may do and which settings a plan leads to."""

from datastores.engines.cache.engine import Cache
from datastores.engines.cache.settings import CacheSettings, Eviction

__all__ = ["Cache", "CacheSettings", "Eviction"]
