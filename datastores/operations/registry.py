"""Which procedure carries out which kind of operation on which kind of site."""

from __future__ import annotations

from datastores.models import Operation
from datastores.operations.procedure import Procedure

_procedures: dict[tuple[str, str], type[Procedure]] = {}
NO_SITE = ""  # of operations that belong to no data store


def register(site_kind: str, *procedures: type[Procedure]) -> None:
    """Make procedures known for a kind of site."""
    for procedure in procedures:
        _procedures[site_kind, procedure.kind] = procedure


def forget(site_kind: str, procedure: type[Procedure]) -> None:
    """Take a procedure back."""
    _procedures.pop((site_kind, procedure.kind), None)


def find(kind: str, site_kind: str) -> type[Procedure]:
    """Return the procedure; raises KeyError for one that nobody registered."""
    return _procedures[site_kind, kind]


def procedure_of(operation: Operation) -> Procedure:
    """Return the procedure of ``operation``, ready to run."""
    site_kind = operation.store.region.site.kind if operation.store else NO_SITE
    return find(operation.kind, site_kind)(operation)
