"""Expected refusals: a sentence for the person and what to do next."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """The product says no, and says why.

    ``sentence`` says what happened and whether data is safe; ``remedy`` says what to do next.
    Views show it beside the form (422) or on a page of its own; operations end with it.
    """

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
