"""Searching the Marketplace, and what an owner writes about a listing."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from datastores.engines.registry import ENGINES
from marketplace.models import Listing

# where to look -> the column that is searched
FIELDS: Final = {
    "": ("Everywhere", "words"),
    "name": ("In names", "name_words"),
    "label": ("In labels", "label_words"),
    "content": ("In content", "content_words"),
}
MOST_LABELS: Final = 8
WORD: Final = re.compile(r"\w+")


class MarketplaceFilter(forms.Form):
    """What a person looks for. Anything unreadable counts as not asked."""

    q = forms.CharField(required=False, max_length=80)
    where = forms.ChoiceField(
        label="Look", required=False, choices=[(slug, label) for slug, (label, _column) in FIELDS.items()]
    )
    type = forms.ChoiceField(label="Type", required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["type"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "All types"), *((slug, engine.label) for slug, engine in ENGINES.items())]

    def asked(self, name: str) -> str:
        """Return the valid value of a field, or an empty text."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_filtering(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.asked("q") or self.asked("type"))

    def apply(self, listings: QuerySet[Listing]) -> QuerySet[Listing]:
        """Narrow the list; those that have every word in their name stand first."""
        if slug := self.asked("type"):
            listings = listings.filter(store__engine=slug)
        if words := self.asked("q"):
            query = search_query(words)
            if query is None:
                return listings.none()
            named = ExpressionWrapper(Q(name_words=query), output_field=BooleanField())
            found = listings.filter(**{FIELDS[self.asked("where")][1]: query})
            return found.annotate(named=named).order_by("-named", "name", "pk")
        return listings.order_by("name", "pk")


def search_query(text: str) -> SearchQuery | None:
    """Return a query for every word of ``text`` as the beginning of one.

    Only letters and digits are kept, so nothing of the text is read as an operator; None for a text without any.
    """
    words = [f"{word}:*" for word in WORD.findall(text.lower())]
    return SearchQuery(" & ".join(words), config="simple", search_type="raw") if words else None


class DescribeForm(forms.Form):
    """What people read about a listing and find it by."""

    name = forms.CharField(label="Name", max_length=80)
    summary = forms.CharField(
        label="In one sentence", max_length=200, required=False, help_text="Stands on the card in the Marketplace."
    )
    labels = forms.CharField(
        label="Labels", max_length=250, required=False, help_text=f"Separated by commas, {MOST_LABELS} at most."
    )
    overview = forms.CharField(
        label="Overview", max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 14}),
        help_text="Markdown: headings, lists, links, tables and code. Say what is in the database, who keeps it, "
        "and what users must know.",
    )  # fmt: skip

    def clean_labels(self) -> list[str]:
        """Return the labels in lower case, each once, in the order in which they were written."""
        found = [" ".join(part.split()).lower() for part in str(self.cleaned_data["labels"]).split(",")]
        labels = list(dict.fromkeys(label for label in found if label))
        if len(labels) > MOST_LABELS:
            raise forms.ValidationError(f"{MOST_LABELS} labels at most; these are {len(labels)}.")
        if any(len(label) > 30 for label in labels):
            raise forms.ValidationError("A label has 30 letters at most.")
        return labels
