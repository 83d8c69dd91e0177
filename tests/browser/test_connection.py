"""From Import Credentials to a Python program that reads the delivered .env and queries through it, as a person does it."""

from __future__ import annotations

import os
import subprocess
import sys
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
    walk_through_the_wizard,
    with_ca,
)
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.real]


def test_from_import_credentials_to_a_query(page: Page, installation: Installation, tmp_path: Path) -> None:
    sign_up(page, installation.url)
    page.goto(f"{installation.url}/databases/create/")
    walk_through_the_wizard(page)
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=READY_MS)
    ca = download_ca(page, tmp_path)
    with psycopg.connect(with_ca(service_uri(page), ca), autocommit=True) as admin:
        admin.execute("CREATE ROLE app LOGIN PASSWORD 'an-apps-password'")

    import_credentials(page)
    offer(page)
    make_project(page, installation.url)
    connect(page, installation.url)
    assert query(deliver(page, tmp_path), page, tmp_path).startswith("PostgreSQL 17")


def import_credentials(page: Page) -> None:
    """The specification's first step, in its words: a wrong password first, then the right one."""
    page.get_by_role("link", name="Databases", exact=True).last.click()
    expect(page.get_by_text("+Add to Marketplace")).to_be_disabled()
    page.get_by_role("link", name="Import Credentials").click()
    assert_accessible(page)
    page.get_by_label("Use Created Credentials").check()
    page.get_by_label("Username").fill("app")
    page.get_by_label("Password").fill("another")
    page.get_by_label("Display name").fill("The shop's login")
    page.get_by_label("Environment").select_option(label="Development")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Wrong password")).to_be_visible()
    expect(page.get_by_label("Display name")).to_have_value("The shop's login")
    page.get_by_label("Password").fill("an-apps-password")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is imported: the login works.")).to_be_visible()
    assert_accessible(page)


def offer(page: Page) -> None:
    page.get_by_role("button", name="+Add to Marketplace").click()
    expect(page.get_by_role("button", name="Remove from Marketplace")).to_be_visible()


def make_project(page: Page, url: str) -> None:
    page.goto(f"{url}/projects/")
    assert_accessible(page)
    page.get_by_label("Name").fill("Checkout")
    page.get_by_role("button", name="Create the project").click()
    page.get_by_label("Name").fill("web")
    page.get_by_role("button", name="Add the component").click()
    expect(page.get_by_role("heading", name="web")).to_be_visible()
    assert_accessible(page)


def connect(page: Page, url: str) -> None:
    """+ Create opens the Marketplace's Databases tab; Production has no credentials, and the page says so."""
    page.goto(f"{url}/connections/")
    assert_accessible(page)
    page.get_by_role("link", name="Create").first.click()
    expect(page.get_by_role("heading", name="Marketplace")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("searchbox").fill("orders")
    page.get_by_role("link", name="orders / defaultdb").click()
    assert_accessible(page)
    page.get_by_role("link", name="Create a connection").click()
    page.get_by_label("Who uses it").select_option(label="Checkout / web only")
    page.get_by_label("Name").fill("orders")
    expect(page.get_by_role("link", name="Import Credentials for Production")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name="orders")).to_be_visible()
    assert_accessible(page)


def deliver(page: Page, folder: Path) -> Path:
    """Make a token and run the command that the page shows with it."""
    page.get_by_label("What is it for?").fill("pipeline")
    page.get_by_role("button", name="Make a token").click()
    token = page.locator("#new-token").text_content() or ""
    command = page.locator("#delivery-command").text_content() or ""
    assert_accessible(page)
    environment = {"PATH": os.environ["PATH"], "HEADWATER_TOKEN": token}
    subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment, check=True, timeout=30)
    return folder / ".env"


def query(env: Path, page: Page, folder: Path) -> str:
    """Paste the page's Python guide beside the delivered file and the CA, and run it."""
    assert "CHOREO_ORDERS_USERNAME=app" in env.read_text()
    code = page.locator("#guide-python").text_content() or ""
    (folder / "connect.py").write_text(code)
    command = ["/bin/sh", "-c", f'set -a; . ./.env; "{sys.executable}" connect.py']
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
