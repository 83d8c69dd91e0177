"""The allow list as a form: everybody, or the entries that are kept and the lines that are added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory

from datastores.networks import (
    EVERYBODY,
    MOST_ENTRIES,
    MOST_NOTE,
    Entry,
    UnusableError,
    canonical,
    fingerprint,
    is_everybody,
    label_of,
    overlaps,
    read_line,
    tidy,
)

ALL, LISTED = "everybody", "listed"
EXAMPLE: Final = "192.0.2.5 Build server\n198.51.100.0/24 Office\n2001:db8::/32 Data centre"
ADD_HELP: Final = "One to a line: an address or a CIDR block, IPv4 or IPv6, and after it a note for people."


class EntryForm(forms.Form):
    """One entry that is in the list."""

    network = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=MOST_NOTE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs["aria-label"] = f"Note for {self.label}"

    @property
    def label(self) -> str:
        """The entry as people write it."""
        return label_of(str(self["network"].value() or ""))

    def clean_network(self) -> str:
        """Take only what the page itself can have sent."""
        try:
            return canonical(self.cleaned_data["network"])
        except UnusableError as problem:
            raise forms.ValidationError(str(problem)) from None


class EntryRows(BaseFormSet[EntryForm]):
    """The entries that are in the list, each with its note and a box to remove it."""

    def add_fields(self, form: EntryForm, index: int | None) -> None:
        """Name the box after its entry."""
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Remove"
        form.fields["DELETE"].widget.attrs["aria-label"] = f"Remove {form.label}"


Rows = formset_factory(
    EntryForm,
    formset=EntryRows,
    extra=0,
    can_delete=True,
    max_num=MOST_ENTRIES,
    absolute_max=MOST_ENTRIES + 1,
    validate_max=True,
)


class AllowListForm(forms.Form):
    """Who may connect. ``entries`` is the list that the person wants, once the form is valid."""

    who = forms.ChoiceField(
        label="Who may connect",
        choices=[(ALL, "Everybody: all addresses may try to log in"), (LISTED, "Only these addresses")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who may connect.", "invalid_choice": "Choose one of the two."},
    )
    add = forms.CharField(
        label="Add addresses",
        required=False,
        strip=False,  # the numbers of the lines stay
        max_length=(MOST_NOTE + 64) * MOST_ENTRIES,
        help_text=ADD_HELP,
        widget=forms.Textarea(
            attrs={"rows": 4, "placeholder": EXAMPLE, "class": "mono", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=16)
    nobody = forms.BooleanField(required=False, label="Yes, nobody shall be able to connect")

    def __init__(self, data: Any = None, *, entries: Sequence[Entry] = (), seen: str = "") -> None:
        """Read an answer, or show ``entries`` to somebody who has seen the list with the fingerprint ``seen``."""
        everybody = is_everybody(entry.network for entry in entries)
        super().__init__(data, initial={"who": ALL if everybody else LISTED, "seen": seen or fingerprint(entries)})
        listed = [] if everybody else [{"network": entry.network, "note": entry.note} for entry in entries]
        self.rows = Rows(data, initial=listed, prefix="entry")
        self.entries: list[Entry] = []

    def clean(self) -> dict[str, Any]:
        """Put the list together; what can't stay is told beside the field in which it was written."""
        answers = super().clean() or self.cleaned_data
        if not self.rows.is_valid():
            raise forms.ValidationError(list(self.rows.non_form_errors()) or ["An entry of the list is not valid."])
        added = self._read_lines(answers.get("add", ""))
        if answers.get("who") == ALL:
            self.entries = [Entry(network) for network in EVERYBODY]
            if added:
                self.add_error("add", "Everybody may connect already. To use a list, choose “Only these addresses”.")
        else:
            self.entries = self._joined(self._kept(), added)
        return answers

    def _kept(self) -> list[Entry]:
        """Return the entries that stay, with their notes as they are now."""
        rows = [row.cleaned_data for row in self.rows.forms if not row.cleaned_data.get("DELETE")]
        return [Entry(row["network"], tidy(row["note"])) for row in rows if row.get("network")]

    def _read_lines(self, text: str) -> list[tuple[int, Entry]]:
        """Return (line number, entry) of each line that says something; refuse those that can't be read."""
        found = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.strip().startswith("#"):
                continue
            try:
                found.append((number, read_line(line)))
            except UnusableError as problem:
                self.add_error("add", f"Line {number}: {problem}")
        return found

    def _joined(self, kept: list[Entry], added: list[tuple[int, Entry]]) -> list[Entry]:
        """Return one list; refuse overlaps and a list that is too long."""
        entries = [*kept, *(entry for _number, entry in added)]
        for problem in overlaps(entries):
            place = problem.position - len(kept)
            where = f"Line {added[place][0]}: " if place >= 0 else ""
            self.add_error("add", f"{where}{problem.sentence}")
        if len(entries) > MOST_ENTRIES:
            self.add_error("add", f"A list has at most {MOST_ENTRIES} entries; this one would have {len(entries)}.")
        return entries
