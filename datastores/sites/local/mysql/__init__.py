"""MySQL on this machine: directories, settings, accounts and the process."""

from datastores.sites.local.mysql.engine import LocalMySQL

__all__ = ["LocalMySQL"]
