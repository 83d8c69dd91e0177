"""MySQL: what it is, how clients reach it and which settings a plan leads to."""

from datastores.engines.mysql.engine import MySQL

__all__ = ["MySQL"]
