"""What can go wrong with the edge, in sentences for people."""

from __future__ import annotations


class EdgeError(Exception):
    """The edge could not do what was asked: one sentence about what happened, one about what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy


class EdgeDownError(EdgeError):
    """Nothing listens on the edge's admin socket: the proxy does not run."""

    def __init__(self) -> None:
        super().__init__(
            "The edge does not run, so nobody can connect; the data stores and their data are not affected.",
            "Start it with manage.py up.",
        )
