"""The runner keeps its promises: one holder, outcome and rows together, no endless loops."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.errors import Refusal
from datastores import tasks
from datastores.models import DataStore, Operation
from datastores.operations import doorbell, opening, registry, runner
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import Procedure, step

pytestmark = pytest.mark.django_db


class Walk(Procedure):
    """Two steps whose answers a test chooses."""

    kind = "walk"
    first = "begin"
    answers: dict[str, Callable[[Walk], Outcome]] = {}
    calls: list[str] = []

    @step("Begin")
    def begin(self) -> Outcome:
        return self.answer("begin")

    @step("End")
    def end(self) -> Outcome:
        return self.answer("end")

    def answer(self, name: str) -> Outcome:
        self.calls.append(name)
        return self.answers[name](self)

    def failed(self, failure: Fail) -> None:
        self.store.set_state(DataStore.State.FAILED, failure.sentence)


@pytest.fixture
def walk() -> Iterator[type[Walk]]:
    Walk.calls, Walk.answers = [], {"begin": lambda _: Goto("end"), "end": lambda _: Done("Arrived.")}
    registry.register("local", Walk)
    yield Walk
    registry.forget("local", Walk)


@pytest.fixture
def operation(walk: type[Walk], store: DataStore) -> Operation:
    return opening.open_operation("walk", store=store, requested_by="somebody")


def again(operation: Operation) -> Operation:
    """Return the row as it is now, with its time come."""
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
    return Operation.objects.get(pk=operation.pk)


def test_runs_all_steps_and_tells_each(operation: Operation, walk: type[Walk]) -> None:
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.sentence) == ("done", "Arrived.")
    assert walk.calls == ["begin", "end"]
    lines = list(operation.steps.values_list("label", "failed", "sentence"))
    assert lines == [("Begin", False, ""), ("End", False, "Arrived.")]
    assert not operation.steps.filter(ended_at=None).exists()


def test_only_one_worker_gets_the_lease(operation: Operation) -> None:
    assert runner.claim(operation.pk) is not None
    assert runner.claim(operation.pk) is None


def test_a_dead_worker_costs_a_lease_and_the_step_runs_again(operation: Operation, walk: type[Walk]) -> None:
    dead = runner.claim(operation.pk)
    assert dead is not None
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "done"


def test_who_lost_the_lease_changes_nothing(operation: Operation, walk: type[Walk], store: DataStore) -> None:
    def slow(procedure: Walk) -> Outcome:
        procedure.store.set_state(DataStore.State.RUNNING, "written by the loser")
        Operation.objects.filter(pk=operation.pk).update(lease=uuid.uuid4())
        return Done("The loser's end.")

    walk.answers["begin"] = slow
    claimed = runner.claim(operation.pk)
    assert claimed is not None
    assert runner.advance(claimed) is None
    operation.refresh_from_db()
    store.refresh_from_db()
    assert operation.state == "running"
    assert store.evidence == ""


def test_what_a_failed_step_saved_is_rolled_back(operation: Operation, walk: type[Walk], store: DataStore) -> None:
    def breaks(procedure: Walk) -> Outcome:
        procedure.store.set_state(DataStore.State.RUNNING, "half done")
        raise OSError("secret text")

    walk.answers["begin"] = breaks
    runner.run(operation.pk)
    operation.refresh_from_db()
    store.refresh_from_db()
    assert store.evidence == ""
    assert operation.state == "waiting"
    assert "secret" not in operation.sentence
    assert operation.attempts == 1


def test_a_step_that_always_breaks_ends_as_a_failure(operation: Operation, walk: type[Walk], store: DataStore) -> None:
    walk.answers["begin"] = lambda _: (_ for _ in ()).throw(OSError("no"))
    for _ in range(runner.MOST_ATTEMPTS + 2):
        runner.run(again(operation).pk)
    operation.refresh_from_db()
    store.refresh_from_db()
    assert operation.state == "failed"
    assert operation.remedy
    assert len(walk.calls) == runner.MOST_ATTEMPTS
    assert store.state == "failed"


def test_a_step_that_kills_its_worker_ends_as_a_failure(operation: Operation, walk: type[Walk]) -> None:
    for _ in range(runner.MOST_ATTEMPTS):
        assert runner.claim(operation.pk) is not None
        Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "failed"
    assert walk.calls == []


def test_waiting_is_no_attempt(operation: Operation, walk: type[Walk]) -> None:
    walk.answers["begin"] = lambda _: Wait(0, "Not yet.")
    for _ in range(runner.MOST_ATTEMPTS * 2):
        runner.run(again(operation).pk)
    operation.refresh_from_db()
    assert (operation.state, operation.sentence, operation.attempts) == ("waiting", "Not yet.", 0)


def test_waiting_ends_at_the_deadline(operation: Operation, walk: type[Walk]) -> None:
    walk.answers["begin"] = lambda _: Wait(0, "Not yet.")
    Operation.objects.filter(pk=operation.pk).update(deadline=timezone.now())
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "failed"
    assert "in time" in operation.sentence


def test_a_refusal_ends_the_operation_in_its_words(operation: Operation, walk: type[Walk]) -> None:
    def refuse(_: Walk) -> Outcome:
        raise Refusal("No address is left.", "Delete a store.")

    walk.answers["begin"] = refuse
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.sentence, operation.remedy) == (
        "failed",
        "No address is left.",
        "Delete a store.",
    )
    assert operation.steps.get().failed


def test_the_memo_is_saved_with_the_outcome(operation: Operation, walk: type[Walk]) -> None:
    def remember(procedure: Walk) -> Outcome:
        procedure.memo["port"] = 5
        return Goto("end")

    walk.answers |= {"begin": remember, "end": lambda procedure: Done(f"Port {procedure.memo['port']}.")}
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.sentence == "Port 5."


def test_retry_goes_on_where_it_failed(operation: Operation, walk: type[Walk]) -> None:
    walk.answers["end"] = lambda _: Fail("The disk is full.", "Make room.")
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.step == "end"
    walk.answers["end"] = lambda _: Done("Arrived.")
    opening.retry(operation)
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "done"
    assert walk.calls == ["begin", "end", "end"]


def test_only_failures_can_be_retried(operation: Operation) -> None:
    with pytest.raises(Refusal):
        opening.retry(operation)


def test_one_operation_at_a_time_per_store(operation: Operation, store: DataStore) -> None:
    with pytest.raises(Refusal, match="Something else"):
        opening.open_operation("walk", store=store, requested_by="somebody else")


def test_a_cancelled_operation_is_not_run(operation: Operation, walk: type[Walk]) -> None:
    opening.cancel(operation, because="Not wanted any more.")
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == "cancelled"
    assert walk.calls == []


def test_store_and_operation_are_locked_in_one_order(operation: Operation, walk: type[Walk]) -> None:
    """A deletion locks the store first. A failure that locked the operation first would wait for it, and it for the failure."""
    walk.answers["begin"] = lambda _: Fail("The disk is full.", "Free some space.")
    claimed = runner.claim(operation.pk)
    assert claimed
    with CaptureQueriesContext(connection) as queries:
        runner.advance(claimed)
    tables = [part.split('"')[1] for query in queries if (part := query["sql"]).startswith("UPDATE")]
    assert tables.index("datastores_datastore") < tables.index("datastores_operation")


def test_a_failure_of_somebody_who_lost_the_lease_leaves_the_store_alone(
    operation: Operation, walk: type[Walk], store: DataStore
) -> None:
    walk.answers["begin"] = lambda _: Fail("The disk is full.", "Free some space.")
    claimed = runner.claim(operation.pk)
    assert claimed
    Operation.objects.filter(pk=operation.pk).update(lease=uuid.uuid4())
    assert runner.advance(claimed) is None
    store.refresh_from_db()
    assert store.state != DataStore.State.FAILED


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds after which a worker was asked to come, ring by ring."""
    rung: list[float] = []
    monkeypatch.setattr(doorbell, "ring", lambda _pk, after=0.0: rung.append(after))
    return rung


@pytest.mark.parametrize(("seconds", "least", "most"), [(0, 0, 0.02), (0.5, 0.4, 0.52)])
def test_a_step_that_waits_is_rung_for_when_it_goes_on(
    operation: Operation, walk: type[Walk], rings: list[float], seconds: float, least: float, most: float
) -> None:
    walk.answers["begin"] = lambda _: Wait(seconds, "Not yet.")
    tasks.run_operation(str(operation.pk))
    assert len(rings) == 1
    assert least <= rings[0] <= most


def test_nobody_rings_for_what_waits_long_has_ended_or_is_anothers(
    operation: Operation, walk: type[Walk], rings: list[float]
) -> None:
    walk.answers["begin"] = lambda _: Wait(60, "Not yet.")
    tasks.run_operation(str(operation.pk))
    tasks.run_operation(str(operation.pk))  # it is not due
    again(operation)
    walk.answers["begin"] = lambda _: Done("Arrived.")
    tasks.run_operation(str(operation.pk))
    tasks.run_operation(str(operation.pk))
    assert rings == []


def test_an_operation_that_is_opened_with_its_lease_is_nobody_elses(
    walk: type[Walk], store: DataStore, rings: list[float], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operation = opening.open_operation("walk", store=store, requested_by="somebody", hold=True)
    assert rings == []
    assert not runner.run(operation.pk)
    runner.go_on(operation)
    operation.refresh_from_db()
    assert (operation.state, walk.calls) == ("done", ["begin", "end"])
    assert runner.seconds_until_due(operation.pk) is None


def test_a_lease_that_came_with_the_opening_runs_out(walk: type[Walk], store: DataStore) -> None:
    operation = opening.open_operation("walk", store=store, requested_by="somebody", hold=True)
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.run(operation.pk)
    runner.go_on(operation)
    assert walk.calls == ["begin", "end"], "the first holder has lost it"
