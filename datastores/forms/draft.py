"""What was chosen in the wizard so far.

It lives in the page's address, so Back, reload and a second tab are right by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final
from urllib.parse import urlencode

QUESTIONS: Final = ("type", "name", "cloud", "region", "plan")
STEPS: Final = (*QUESTIONS, "review")


@dataclass(frozen=True)
class Draft:
    """The answers as they were typed; nothing here is checked. An empty text is an open question."""

    type: str = ""
    name: str = ""
    cloud: str = ""
    region: str = ""
    plan: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Draft:
        """Take the answers out of a query string; everything else in it is left alone."""
        return cls(**{question: str(data.get(question, "")).strip()[:100] for question in QUESTIONS})

    def answer(self, question: str) -> str:
        """Return the answer to one question."""
        return str(getattr(self, question))

    def with_answer(self, question: str, answer: str) -> Draft:
        """Return the draft with one more answer. Another cloud has other regions: region is asked again."""
        changed = replace(self, **{question: answer})
        return replace(changed, region="") if question == "cloud" and answer != self.cloud else changed

    def query(self) -> str:
        """Return the answers as a query string, open questions left out."""
        return urlencode({question: answer for question, answer in asdict(self).items() if answer})


def step_after(step: str) -> str:
    """Return the step that follows; the review is the last one."""
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


def step_before(step: str) -> str | None:
    """Return the step before, or None at the first one."""
    position = STEPS.index(step)
    return STEPS[position - 1] if position else None
