"""The one exception of engine trees."""

from __future__ import annotations


class TreeError(Exception):
    """An engine tree could not be used, made or verified: what happened, and what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
