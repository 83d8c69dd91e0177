"""From sign-up to `SELECT 1` through the URI that the page shows, as a person does it."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.real]
PASSWORD = "correct horse battery staple"
READY_MS = 30_000


def assert_accessible(page: Page) -> None:
    """No violation that axe finds, and no sideways scrolling."""
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def sign_up(page: Page, url: str) -> None:
    page.goto(f"{url}/account/signup/")
    page.locator("input[name=email]").fill(f"{secrets.token_hex(6)}@example.test")
    page.locator("input[name=password1]").fill(PASSWORD)
    assert_accessible(page)
    page.get_by_role("button", name="Create account").click()
    page.locator("input[name=name]").fill(f"Acme {secrets.token_hex(4)}")
    assert_accessible(page)
    page.get_by_role("button", name="Create organization").click()
    expect(page).to_have_url(f"{url}/")
    assert_accessible(page)


def test_from_sign_up_to_a_query(page: Page, installation: Installation, tmp_path: Path) -> None:
    sign_up(page, installation.url)
    page.goto(f"{installation.url}/databases/")
    assert_accessible(page)
    page.get_by_role("link", name="Create").first.click()
    walk_through_the_wizard(page)
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=READY_MS)
    assert_accessible(page)
    uri = service_uri(page)
    ca = download_ca(page, tmp_path)
    with psycopg.connect(with_ca(uri, ca)) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
        assert client.pgconn.ssl_in_use


def with_ca(uri: str, ca: Path) -> str:
    """Name the CA file that was downloaded; everything else is as the page shows it."""
    parts = urlsplit(uri)
    assert parse_qs(parts.query)["sslmode"] == ["verify-full"]
    return parts._replace(query=f"sslmode=verify-full&sslrootcert={ca}").geturl()


def walk_through_the_wizard(page: Page) -> None:
    """Type, name, cloud, region, plan, review, Create; every page is accessible and shows what is chosen."""
    for label in ("PostgreSQL", None, "AWS", "Frankfurt", "Hobbyist"):
        if label is None:
            page.get_by_role("textbox").last.fill("orders")
        else:
            page.locator("label.choice, label.plan").filter(has_text=label).first.click()
        assert_accessible(page)
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("orders").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Create").last.click()


def service_uri(page: Page) -> str:
    """Reveal the service URI and read it off the page."""
    page.get_by_role("button", name="Reveal service URI").click()
    shown = page.locator("#uri-value")
    expect(shown).to_have_text(re.compile(r"^postgres(ql)?://"))
    return str(shown.text_content())


def download_ca(page: Page, folder: Path) -> Path:
    """Click the CA certificate's button and keep the file."""
    with page.expect_download() as download:
        page.get_by_role("link", name="CA certificate").first.click()
    path = folder / "ca.pem"
    download.value.save_as(path)
    return path
