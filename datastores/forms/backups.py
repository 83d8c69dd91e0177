"""The forms of the Backups tab: the time of the daily backup, and what is to be restored."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms

from datastores.actions import Wish
from datastores.forms.wizard import LONGEST_NAME
from datastores.models import Backup
from datastores.retention import Window

LATEST, BACKUP, MOMENT = "latest", "backup", "moment"
PICKER: Final = "%Y-%m-%dT%H:%M:%S"  # what a browser's picker writes and reads
CLOCK: Final = "%Y-%m-%d %H:%M:%S"


class TimeForm(forms.Form):
    """When the daily backup is taken."""

    time = forms.TimeField(
        label="Time of the daily backup (UTC)",
        widget=forms.TimeInput(attrs={"type": "time", "required": True}, format="%H:%M"),
        error_messages={"required": "Give a time.", "invalid": "Give a time such as 03:30."},
    )

    @property
    def second(self) -> int:
        """The chosen second of the day."""
        chosen: time = self.cleaned_data["time"]
        return chosen.hour * 3600 + chosen.minute * 60 + chosen.second


class RestoreForm(forms.Form):
    """A new data store's name, and the state that it gets."""

    name = forms.CharField(
        label="Name of the new data store",
        max_length=LONGEST_NAME,
        error_messages={"required": "Give the new data store a name."},
    )
    what = forms.ChoiceField(label="What to restore", widget=forms.RadioSelect, choices=())
    moment = forms.DateTimeField(
        label="Moment (UTC, to the second)",
        required=False,
        input_formats=[PICKER, "%Y-%m-%dT%H:%M", CLOCK],
        error_messages={"invalid": "Give a date and a time, such as 2026-11-26 14:05:10."},
    )
    backup = forms.ChoiceField(label="Backup", required=False, choices=())

    def __init__(self, data: Any = None, *, source: str, window: Window | None, backups: list[Backup]) -> None:
        initial = {"name": f"{source}-restored"[:LONGEST_NAME], "what": LATEST if window else BACKUP}
        super().__init__(data, initial=initial)
        self.window = window
        what, backup = self.fields["what"], self.fields["backup"]
        assert isinstance(what, forms.ChoiceField)  # noqa: S101 - declared above
        assert isinstance(backup, forms.ChoiceField)  # noqa: S101
        what.choices = [
            *([(LATEST, f"Everything that is archived, up to {window.end:{CLOCK}} UTC")] if window else []),
            *([(MOMENT, "The state at a moment of the window")] if window else []),
            (BACKUP, "Exactly the state of a backup"),
        ]
        backup.choices = [(each.label, _described(each)) for each in backups]
        self.fields["moment"].widget = _picker(window)

    def clean(self) -> dict[str, Any]:
        """Refuse a moment outside the window; the picker can't name one, but a picker is only a courtesy."""
        cleaned = super().clean() or {}
        if cleaned.get("what") == MOMENT and "moment" not in self.errors:
            if cleaned.get("moment") is None:
                self.add_error("moment", "Give the moment.")
            elif self.window and not self.window.start <= self._moment() <= self.window.end:
                first, last = (f"{each:{CLOCK}}" for each in (self.window.start, self.window.end))
                self.add_error("moment", f"That moment can't be restored. Choose one from {first} to {last} UTC.")
        if cleaned.get("what") == BACKUP and not cleaned.get("backup"):
            self.add_error("backup", "Choose a backup.")
        return cleaned

    @property
    def wish(self) -> Wish:
        """What was asked for, of a valid form."""
        match self.cleaned_data["what"]:
            case "moment":
                return Wish(moment=self._moment())
            case "backup":
                return Wish(backup=self.cleaned_data["backup"])
        return Wish()

    def _moment(self) -> datetime:
        moment: datetime = self.cleaned_data["moment"]
        return moment.replace(tzinfo=UTC)


def _picker(window: Window | None) -> forms.DateTimeInput:
    attributes: dict[str, Any] = {"type": "datetime-local", "step": 1}
    if window:
        attributes |= {"min": f"{window.start:{PICKER}}", "max": f"{window.end:{PICKER}}"}
    return forms.DateTimeInput(attrs=attributes, format=PICKER)


def _described(backup: Backup) -> str:
    return f"{backup.finished_at:{CLOCK}} UTC"
