"""Data stores in the operators' admin site, one module per subject."""

from datastores.admin import attention, catalogue, operations, stores

__all__ = ["attention", "catalogue", "operations", "stores"]

attention.register()
