"""Chromium from the distribution, driven by Playwright, quiet on the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The distribution's Chromium: HEADWATER_CHROMIUM, or the one on the PATH."""
    program = os.environ.get("HEADWATER_CHROMIUM") or shutil.which("chromium")
    assert program, "Chromium is not installed; `make test` installs it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(chromium: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of a person's own; any script error or violation of the content security policy fails the test."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert problems == []


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desktop", "phone"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, once wide and once narrow."""
    with opened(chromium, *request.param) as page:
        yield page


@pytest.fixture
def desktop(chromium: Browser) -> Iterator[Page]:
    """A fresh wide page."""
    with opened(chromium, 1280, 800) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A fresh narrow page, of another person than ``desktop``."""
    with opened(chromium, 390, 844) as page:
        yield page
