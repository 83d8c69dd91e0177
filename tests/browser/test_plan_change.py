"""From one node to two through the page, while a client goes on reading over one connection to the same URI."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_first_database import (
    READY_MS,
    assert_accessible,
    download_ca,
    service_uri,
    sign_up,
    with_ca,
)
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.real]
CHOSEN = "type=postgresql&name=orders&cloud=aws&region=eu-central-1&plan=startup-4"
PAUSE_SECONDS = 0.005


def test_from_startup_to_business_nobody_is_cut(desktop: Page, installation: Installation, tmp_path: Path) -> None:
    page = desktop
    sign_up(page, installation.url)
    page.goto(f"{installation.url}/databases/create/review/?{CHOSEN}")
    page.get_by_role("button", name="Create").last.click()
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=READY_MS)
    uri = service_uri(page)
    with reading(with_ca(uri, download_ca(page, tmp_path))) as answers:
        page.get_by_role("link", name="Change the plan").first.click()
        assert_accessible(page)
        page.locator("label.plan").filter(has_text="Business-4").first.click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("Nothing: standbys are made while clients go on.")).to_be_visible()
        assert_accessible(page)
        page.set_viewport_size({"width": 390, "height": 844})
        assert_accessible(page)
        page.get_by_role("button", name="Change the plan").click()
        expect(page.get_by_text("Plan Business-4")).to_be_visible(timeout=READY_MS)
        expect(page.get_by_text("Change the plan: done")).to_be_visible(timeout=READY_MS)
        before = len(answers)
    assert before > 100
    assert set(answers) == {1}
    page.goto(page.url.split("#")[0])
    assert service_uri(page) == uri
    page.get_by_role("link", name="Nodes", exact=True).click()
    expect(page.get_by_text("Each acknowledged write is on two nodes")).to_be_visible(timeout=READY_MS)
    assert_accessible(page)


@contextmanager
def reading(uri: str) -> Iterator[list[int]]:
    """Ask the same question over and over on one connection; what it answers, in order. A cut fails the block."""
    answers: list[int] = []
    stopped = threading.Event()
    failures: list[Exception] = []

    def ask() -> None:
        try:
            with psycopg.connect(uri, autocommit=True) as client:
                while not stopped.wait(PAUSE_SECONDS):
                    answers.extend(row[0] for row in client.execute("SELECT 1"))
        except Exception as error:  # of any kind: it is the test's to say
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        stopped.set()
        thread.join(30)
    assert failures == []
