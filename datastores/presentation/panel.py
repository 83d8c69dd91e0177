"""The data stores on the front page: how many, and those that need a look."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Value, When

from console.models import Member
from datastores.models import DataStore
from datastores.presentation.roles import refused
from datastores.presentation.rows import StoreRow, rows_of, with_row_facts
from datastores.presentation.states import MOVING

SHOWN = 5
State = DataStore.State
# What needs a person comes first, then what moves, then the rest.
ATTENTION = Case(
    When(state__in=(State.FAILED, State.UNREACHABLE), then=Value(0)),
    When(state__in=MOVING, then=Value(1)),
    When(state=State.RUNNING, then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class StoresPanel:
    """The panel's values; ``create_why`` says why the member can't create one."""

    total: int
    rows: list[StoreRow]
    create_why: str


def panel_of(member: Member) -> StoresPanel:
    """Return the panel of one organization: two queries."""
    mine = DataStore.objects.for_member(member, "store:view")
    newest = with_row_facts(mine).order_by(ATTENTION, "-created_at")[:SHOWN]
    rows = rows_of(newest, with_endpoints=False)
    total = mine.count() if len(rows) == SHOWN else len(rows)
    return StoresPanel(total=total, rows=rows, create_why=refused(member, "store:create"))
