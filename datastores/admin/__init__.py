"""Data stores in the operators' admin site, one module per subject."""

from datastores.admin import attention, backups, catalogue, failovers, operations, stores

__all__ = ["attention", "backups", "catalogue", "failovers", "operations", "stores"]

attention.register()
