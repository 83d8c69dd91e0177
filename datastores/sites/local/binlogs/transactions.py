"""Sets of transactions (GTID sets) as values: joined, subtracted, compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Spans = tuple[tuple[int, int], ...]  # first and last number of each, in order, neither touching nor overlapping


@dataclass(frozen=True)
class Transactions:
    """For each source (a server, perhaps with a tag) the numbers of its transactions."""

    sources: Mapping[str, Spans]

    @classmethod
    def parse(cls, text: str) -> Transactions:
        """Read MySQL's writing: ``uuid:1-5:7,uuid:tag:1``. Raises ValueError."""
        found: dict[str, list[tuple[int, int]]] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            uuid, *words = part.split(":")
            source = uuid.lower()
            for word in words:
                if word[:1].isdigit():
                    first, _, last = word.partition("-")
                    found.setdefault(source, []).append((int(first), int(last or first)))
                else:
                    source = f"{uuid.lower()}:{word}"
        return cls({source: _joined(spans) for source, spans in found.items()})

    @classmethod
    def of(cls, numbers: Mapping[str, Iterable[int]]) -> Transactions:
        """Return the set of single numbers."""
        return cls({source: _joined([(number, number) for number in given]) for source, given in numbers.items()})

    def __str__(self) -> str:
        return ",".join(
            f"{source}:{':'.join(f'{first}-{last}' if last > first else str(first) for first, last in spans)}"
            for source, spans in sorted(self.sources.items())
        )

    def __bool__(self) -> bool:
        return any(self.sources.values())

    def __or__(self, other: Transactions) -> Transactions:
        names = [*self.sources, *(name for name in other.sources if name not in self.sources)]
        return Transactions({name: _joined([*self._spans(name), *other._spans(name)]) for name in names})

    def __sub__(self, other: Transactions) -> Transactions:
        left = {name: _without(spans, other._spans(name)) for name, spans in self.sources.items()}
        return Transactions({name: spans for name, spans in left.items() if spans})

    def __and__(self, other: Transactions) -> Transactions:
        return self - (self - other)

    def __le__(self, other: Transactions) -> bool:
        return not self - other

    def count(self) -> int:
        """Return how many there are."""
        return sum(last - first + 1 for spans in self.sources.values() for first, last in spans)

    def _spans(self, source: str) -> Spans:
        return self.sources.get(source, ())


NONE = Transactions({})


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _without(spans: Spans, removed: Spans) -> Spans:
    left, at = [], 0
    for first, last in spans:
        start = first
        while at < len(removed) and removed[at][1] < start:
            at += 1
        index = at
        while index < len(removed) and removed[index][0] <= last:
            if removed[index][0] > start:
                left.append((start, removed[index][0] - 1))
            start = max(start, removed[index][1] + 1)
            index += 1
        if start <= last:
            left.append((start, last))
    return tuple(left)
