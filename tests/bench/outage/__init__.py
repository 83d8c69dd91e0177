"""The client of the availability numbers: inserts numbered rows in a loop and measures how long it was not served."""

from .client import Client
from .figures import Acknowledgement, NeverServedError, longest_gap, lost, served
from .target import Target

__all__ = ["Acknowledgement", "Client", "NeverServedError", "Target", "longest_gap", "lost", "served"]
