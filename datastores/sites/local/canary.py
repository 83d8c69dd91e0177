"""What an engine must do so that the platform can write numbered rows through a store's own address."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Canary(ABC):
    """A client of a store's address, over TLS with full verification, with the platform's probe login.

    It connects when it has to, with every wait bounded by some seconds, and takes none of the tenants' connections
    where the engine counts them apart. Methods raise whatever the driver raises.
    """

    @abstractmethod
    def write(self, number: int) -> None:
        """Write one row and return when the server has acknowledged it."""

    @abstractmethod
    def numbers(self, first: int, last: int) -> set[int]:
        """Return the numbers of the rows that are there, from ``first`` to ``last``."""

    @abstractmethod
    def forget(self, first: int, last: int) -> None:
        """Delete these rows."""

    @abstractmethod
    def hang_up(self) -> None:
        """Drop the connection; the next call makes another."""

    def close(self) -> None:
        """Hang up for good."""
        self.hang_up()
