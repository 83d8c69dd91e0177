"""Shows on a terminal how far something is; in a log, each sentence once."""

from __future__ import annotations

from django.core.management.base import OutputWrapper

ERASE = "\r\033[K"


class ProgressLine:
    """One line that changes in place on a terminal."""

    def __init__(self, output: OutputWrapper) -> None:
        self._output = output
        self._terminal = output.isatty()
        self._shown = ""

    def __call__(self, sentence: str, fraction: float | None) -> None:
        """Show a sentence; ``fraction`` is the part that is done, None where nobody knows."""
        if self._terminal:
            percent = "" if fraction is None else f" {fraction:4.0%}"
            self._output.write(f"{ERASE}{sentence} …{percent}", ending="")
            self._output.flush()
        elif sentence != self._shown:
            self._output.write(f"{sentence} …")
        self._shown = sentence

    def say(self, sentence: str) -> None:
        """Write a sentence that stays."""
        self._output.write(f"{ERASE if self._terminal and self._shown else ''}{sentence}")
        self._shown = ""
