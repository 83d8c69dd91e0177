"""A vector database from its own list: the wizard, the similarity search as it is shown, and an extension on request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_first_database import READY_MS, assert_accessible, download_ca, sign_up
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.real]


def test_from_the_list_to_a_similarity_search(page: Page, installation: Installation, tmp_path: Path) -> None:
    sign_up(page, installation.url)
    page.goto(f"{installation.url}/vector-databases/")
    assert_accessible(page)
    page.get_by_role("link", name="Create").first.click()
    page.get_by_role("textbox").last.fill("embeddings")
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()
    for label in ("AWS", "Frankfurt", "Hobbyist"):
        page.locator("label.choice, label.plan").filter(has_text=label).first.click()
        page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create").last.click()
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=READY_MS)
    assert_accessible(page)
    assert nearest(page, download_ca(page, tmp_path)) == ["Espresso", "Green tea"]
    extend(page)


def nearest(page: Page, ca: Path) -> list[str]:
    """Show the password in the first snippet, paste it beside the CA, and run it."""
    page.get_by_role("button", name="Show the password in the code").click()
    expect(page.get_by_role("link", name="Hide the password")).to_be_visible()
    code = page.get_by_role("region", name="Similarity search snippet").text_content() or ""
    script = ca.with_name("similarity.py")
    script.write_text(code)
    ran = subprocess.run([sys.executable, script.name], cwd=ca.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return [line.split("  ")[1] for line in ran.stdout.splitlines()]


def extend(page: Page) -> None:
    """Have pg_stat_statements created in the default database."""
    page.get_by_role("link", name="Databases", exact=True).last.click()
    expect(page.get_by_role("heading", name="Extensions in defaultdb")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("pg_stat_statements is ready in")).to_be_visible()
    expect(page.get_by_role("button", name="Create")).to_have_count(0)
    assert_accessible(page)
