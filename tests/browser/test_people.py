"""Somebody is invited by link, joins, gets another role, and is removed: each change counts at once."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_first_database import PASSWORD, assert_accessible, sign_up
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.real]


def test_from_an_invitation_to_the_end_of_access(desktop: Page, phone: Page, installation: Installation) -> None:
    address = f"{secrets.token_hex(6)}@example.test"
    sign_up(desktop, installation.url)
    link = invite(desktop, installation.url, address)
    join(phone, link, address)

    phone.goto(f"{installation.url}/databases/create/")
    expect(phone.get_by_text("Viewer").first).to_be_visible()
    desktop.goto(f"{installation.url}/settings/members/")
    desktop.get_by_label(f"Role of {address}").select_option(label="DevOps")
    desktop.get_by_role("button", name=f"Save the role of {address}").click()
    assert_accessible(desktop)
    phone.goto(f"{installation.url}/databases/create/")
    expect(phone.locator("label.choice").filter(has_text="PostgreSQL").first).to_be_visible()

    desktop.get_by_role("link", name=f"Remove {address}").click()
    assert_accessible(desktop)
    desktop.get_by_role("button", name="Remove").click()
    expect(desktop.get_by_label(f"Role of {address}")).to_have_count(0)
    phone.reload()
    expect(phone.locator("label.choice")).to_have_count(0)
    phone.goto(link)
    expect(phone.get_by_role("heading", name="This invitation has ended")).to_be_visible()


def invite(page: Page, url: str, address: str) -> str:
    """Invite an address as Viewer and read the link off the page."""
    page.goto(f"{url}/settings/members/invite/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Role").select_option(label="Viewer")
    assert_accessible(page)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("Pass the link on to")).to_be_visible()
    assert_accessible(page)
    return str(page.get_by_text("/invitations/").text_content()).strip()


def join(page: Page, link: str, address: str) -> None:
    """Open the link as somebody who has no account yet."""
    page.goto(link)
    assert_accessible(page)
    page.get_by_role("link", name="Create an account").click()
    page.locator("input[name=email]").fill(address)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("as Viewer").first).to_be_visible()
    assert_accessible(page)
