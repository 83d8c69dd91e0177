"""Memory of a server that holds vectors: more for index builds, and still within the plan."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.postgresql.settings import for_vectors, memory
from datastores.limits import PlanFacts, postgresql_connections

RAM = st.integers(1, 256)


@given(RAM, st.booleans())
def test_all_connections_and_an_index_build_fit_into_the_plan(ram_gib: int, development: bool) -> None:
    connections = postgresql_connections(PlanFacts("startup", ram_gib, 1))
    plain = memory(ram_mib=ram_gib * 1024, connections=connections, development=development)
    division = for_vectors(plain, ram_mib=ram_gib * 1024)
    assert division.peak(connections) <= ram_gib * 1024
    assert division.maintenance_work_mem > plain.maintenance_work_mem
    assert division.shared_buffers == plain.shared_buffers
    assert division.work_mem == plain.work_mem
