"""The filter of the Activity page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from console import wording
from console.models import AuditEvent


class ActivityFilter(forms.Form):
    """By what was done, by whom, to what, and when (days in UTC). Empty fields do not filter; a bad value is as good as none."""

    action = forms.ChoiceField(label="Action", required=False)
    person = forms.CharField(label="Person", max_length=254, required=False)
    object = forms.CharField(label="Object", max_length=120, required=False)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action = self.fields["action"]
        assert isinstance(action, forms.ChoiceField)  # noqa: S101 - it is declared above
        action.choices = [
            ("", "Every action"),
            *((name, text.rstrip(":").capitalize()) for name, text in wording.choices()),
        ]

    def apply(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Return the events that the valid fields leave."""
        self.is_valid()
        wanted = self.cleaned_data
        conditions = {
            "action": wanted.get("action"),
            "actor__icontains": wanted.get("person"),
            "object_name__icontains": wanted.get("object"),
            "at__date__gte": wanted.get("since"),
            "at__date__lte": wanted.get("until"),
        }
        return events.filter(**{lookup: value for lookup, value in conditions.items() if value})

    @property
    def is_filtering(self) -> bool:
        """Whether any valid field leaves something out."""
        self.is_valid()
        return any(self.cleaned_data.values())
