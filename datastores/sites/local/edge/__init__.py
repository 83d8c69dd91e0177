"""The edge: HAProxy in TCP mode, one stable port per data store, changed without a reload."""

from .edge import Applied, Edge
from .errors import EdgeDownError, EdgeError
from .settings import EdgeSettings
from .slots import Address, Slot

__all__ = ["Address", "Applied", "Edge", "EdgeDownError", "EdgeError", "EdgeSettings", "Slot"]
