"""Data stores in the operators' admin site, one module per subject."""

from datastores.admin import attention, catalogue, failovers, operations, stores

__all__ = ["attention", "catalogue", "failovers", "operations", "stores"]

attention.register()
