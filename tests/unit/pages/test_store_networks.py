"""Who may connect: the card, the form, the look at what changes, and saving."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Protocol

import pytest
from django.test import Client

from console.errors import Refusal
from console.models import AuditEvent
from console.permissions import Role
from datastores.actions import allow_list
from datastores.models import AllowedNetwork, DataStore
from datastores.networks import Entry, fingerprint, permits
from datastores.sites.contract import AccessChange
from datastores.sites.local.site import LocalSite
from tests.unit.pages.conftest import SignIn

State = DataStore.State
OFFICE, SERVER = Entry("198.51.100.0/24", "Office"), Entry("192.0.2.5/32", "Build server")


class Answer(Protocol):
    """An answer with a page."""

    @property
    def content(self) -> bytes: ...


class Doors:
    """A site in small: who is connected, and what its doors were told."""

    def __init__(self) -> None:
        self.connected: list[str] | None = []
        self.refusal: Refusal | None = None
        self.told: list[list[str]] = []

    def apply(self, store: DataStore) -> AccessChange:
        networks = [entry.network for entry in store.allowed_networks.all()]
        self.told.append(networks)
        if self.refusal:
            raise self.refusal
        if self.connected is None:
            return AccessChange(live=False)
        stay = [source for source in self.connected if permits(networks, source)]
        cut, self.connected = len(self.connected) - len(stay), stay
        return AccessChange(live=True, cut=cut)


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """The local site's doors, in memory."""
    found = Doors()
    monkeypatch.setattr(LocalSite, "apply_allow_list", lambda _, store: found.apply(store))
    monkeypatch.setattr(LocalSite, "sessions", lambda _, _store: found.connected)
    return found


@pytest.fixture
def browser(sign_in: SignIn, doors: Doors) -> Client:
    """A DevOps member who comes from 198.51.100.7."""
    client = sign_in(Role.DEVOPS)
    client.defaults["REMOTE_ADDR"] = "198.51.100.7"
    return client


def url(store: DataStore, end: str = "") -> str:
    return f"/databases/{store.pk}/networks/{end}"


def text(answer: Answer) -> str:
    """The page as people read it: without markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def body(
    rows: Sequence[Entry] = (), *, who: str = "listed", add: str = "", seen: Sequence[Entry] | None = None, **more: str
) -> dict[str, str]:
    """What the form sends when it was opened on ``seen`` (else on ``rows``)."""
    data = {"who": who, "add": add, "seen": fingerprint(rows if seen is None else seen), **more}
    data |= {"entry-TOTAL_FORMS": str(len(rows)), "entry-INITIAL_FORMS": str(len(rows))}
    for number, row in enumerate(rows):
        data |= {f"entry-{number}-network": row.network, f"entry-{number}-note": row.note}
    return data


def fields(answer: Answer) -> dict[str, str]:
    """What the page's own form would send: hidden fields and texts as they stand."""
    found = {}
    form = answer.content.decode().split('<form class="form', 1)[1].split("</form>")[0]
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'(\S+)="([^"]*)"', tag))
        if attributes.get("type") in {"hidden", "text"}:
            found[attributes["name"]] = unescape(attributes.get("value", ""))
    return found


def set_list(store: DataStore, *entries: Entry) -> None:
    store.allowed_networks.all().delete()
    for entry in entries:
        AllowedNetwork.objects.create(store=store, network=entry.network, note=entry.note)


def test_a_new_store_is_open_and_the_page_warns(browser: Client, running: DataStore) -> None:
    page = text(browser.get(f"/databases/{running.pk}/settings/"))
    assert "Everybody who reaches the address can try to log in." in page
    assert "You use the console from 198.51.100.7." in page


def test_the_card_shows_the_list_with_its_notes(browser: Client, running: DataStore) -> None:
    set_list(running, OFFICE, SERVER)
    page = text(browser.get(f"/databases/{running.pk}/settings/"))
    assert "198.51.100.0/24 Office" in page
    assert "192.0.2.5 Build server" in page
    assert "can try to log in" not in page


def test_only_my_address_is_one_click_and_one_look(browser: Client, running: DataStore, doors: Doors) -> None:
    doors.connected = ["198.51.100.7", "203.0.113.9", "203.0.113.9"]
    look = browser.post(url(running), {"mine": "1"})
    assert "2 of 3 connected clients would be cut at once: 203.0.113.9 (2 connections)." in text(look)
    assert "Your own address, 198.51.100.7, is among those that may connect." in text(look)
    assert doors.told == []
    done = browser.post(url(running, "save/"), fields(look), follow=True)
    assert "Saved and in effect. 2 clients were cut." in text(done)
    assert [entry.network for entry in allow_list(running)] == ["198.51.100.7/32"]
    assert doors.connected == ["198.51.100.7"]


def test_on_the_machine_itself_the_page_explains(sign_in: SignIn, running: DataStore, doors: Doors) -> None:
    local = sign_in(Role.ADMIN)
    assert "only programs on this machine could connect" in text(local.get(f"/databases/{running.pk}/settings/"))
    look = local.post(url(running), {"mine": "1"})
    assert "This machine, from which you use the console, is among those that may connect." in text(look)
    local.post(url(running, "save/"), fields(look))
    assert [entry.network for entry in allow_list(running)] == ["127.0.0.1/32", "::1/128"]


def test_behind_an_unknown_proxy_it_says_why_not(browser: Client, running: DataStore) -> None:
    page = browser.get(f"/databases/{running.pk}/settings/", headers={"X-Forwarded-For": "203.0.113.1"})
    assert "A reverse proxy stands between you and the console" in text(page)
    assert 'name="mine"' not in page.content.decode()
    refused = browser.post(url(running), {"mine": "1"}, headers={"X-Forwarded-For": "203.0.113.1"})
    assert refused.status_code == 409
    assert "HEADWATER_TRUSTED_PROXIES" in text(refused)


def test_several_lines_are_pasted_looked_at_and_saved(browser: Client, running: DataStore, doors: Doors) -> None:
    look = browser.post(
        url(running), body(seen=allow_list(running), add="192.0.2.5 Build server\n\n198.51.100.0/24 Office\n")
    )
    assert look.status_code == 200
    assert "Added 192.0.2.5 Build server 198.51.100.0/24 Office" in text(look)
    assert "Removed 0.0.0.0/0 ::/0" in text(look)
    browser.post(url(running, "save/"), fields(look))
    assert allow_list(running) == [SERVER, OFFICE]
    assert doors.told == [["192.0.2.5/32", "198.51.100.0/24"]]
    detail = AuditEvent.objects.get(action="store.networks_changed").detail
    assert detail == {
        "before": "0.0.0.0/0, ::/0",
        "after": "192.0.2.5 (Build server), 198.51.100.0/24 (Office)",
        "connections_cut": 0,
    }


def test_an_entry_is_removed_and_a_note_changed(browser: Client, running: DataStore) -> None:
    set_list(running, OFFICE, SERVER)
    kept = running.allowed_networks.get(network=OFFICE.network).created_at
    page = browser.get(url(running))
    sent = fields(page) | {"who": "listed", "entry-0-note": "Berlin", "entry-1-DELETE": "on"}
    look = browser.post(url(running), sent)
    assert "Removed 192.0.2.5 Build server" in text(look)
    assert "New note 198.51.100.0/24 Berlin" in text(look)
    browser.post(url(running, "save/"), fields(look))
    assert allow_list(running) == [Entry("198.51.100.0/24", "Berlin")]
    assert running.allowed_networks.get().created_at == kept


@pytest.mark.parametrize(
    ("add", "says"),
    [
        ("198.51.100.9", "Line 1: 198.51.100.9 lies in 198.51.100.0/24"),
        ("10.0.0.1\n198.51.100.0/24", "Line 2: 198.51.100.0/24 is in the list already."),
        ("10.0.0.1\n10.0.0.1", "Line 2: 10.0.0.1 is in the list already."),
        ("\n192.0.2.5/24", "Line 2: 192.0.2.5/24 is an address inside a block."),
        ("198.51.0.0/16", "Line 1: 198.51.0.0/16 covers 198.51.100.0/24"),
        ("nonsense", "Line 1: nonsense is no address."),
        ("\n".join(f"10.0.0.{n}" for n in range(1, 201)), "A list has at most 200 entries; this one would have 201."),
    ],
)
def test_what_can_t_stay_is_told_beside_the_field_and_nothing_is_lost(
    browser: Client, running: DataStore, doors: Doors, add: str, says: str
) -> None:
    set_list(running, OFFICE)
    for end in ("", "save/"):
        answer = browser.post(url(running, end), body([Entry(OFFICE.network, "A new note")], add=add, seen=[OFFICE]))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert says in text(answer)
        assert 'aria-describedby="id_add_helptext id_add_error"' in page or 'id="id_add_error"' in page
        assert add.strip() in unescape(page)
        assert "A new note" in page
    assert allow_list(running) == [OFFICE]
    assert doors.told == []


def test_an_open_list_and_addresses_together_are_questioned(browser: Client, running: DataStore) -> None:
    answer = browser.post(url(running), body(who="everybody", add="192.0.2.5", seen=allow_list(running)))
    assert answer.status_code == 422
    assert "Everybody may connect already." in text(answer)


def test_opening_to_everybody_is_shown_as_such(browser: Client, running: DataStore) -> None:
    set_list(running, OFFICE)
    look = browser.post(url(running), body([OFFICE], who="everybody"))
    assert "May connect then Everybody" in text(look)
    browser.post(url(running, "save/"), fields(look))
    assert [entry.network for entry in allow_list(running)] == ["0.0.0.0/0", "::/0"]


def test_the_list_becomes_empty_only_when_somebody_says_so(browser: Client, running: DataStore, doors: Doors) -> None:
    set_list(running, OFFICE)
    doors.connected = ["198.51.100.7"]
    look = browser.post(url(running), body([OFFICE]) | {"entry-0-DELETE": "on"})
    assert "Nobody will be able to connect" in text(look)
    assert "Your own address, 198.51.100.7, is not among those" in text(look)
    asked = browser.post(url(running, "save/"), fields(look))
    assert asked.status_code == 422
    assert "Tick the box" in text(asked)
    assert allow_list(running) == [OFFICE]
    browser.post(url(running, "save/"), fields(asked) | {"nobody": "on"})
    assert allow_list(running) == []
    assert doors.connected == []
    assert "Nobody can connect: the list is empty." in text(browser.get(f"/databases/{running.pk}/settings/"))


def test_a_second_tab_sees_the_other_change_instead_of_undoing_it(
    browser: Client, running: DataStore, doors: Doors
) -> None:
    set_list(running, OFFICE)
    look = browser.post(url(running), body([OFFICE], add="192.0.2.5 Build server"))
    other = browser.post(url(running), body([OFFICE], add="203.0.113.9 Partner"))
    browser.post(url(running, "save/"), fields(other))
    answer = browser.post(url(running, "save/"), fields(look))
    assert answer.status_code == 409
    assert "Somebody changed the list since you opened it" in text(answer)
    assert "Removed 203.0.113.9 Partner" in text(answer)
    assert [entry.label for entry in allow_list(running)] == ["198.51.100.0/24", "203.0.113.9"]
    browser.post(url(running, "save/"), fields(answer))
    assert allow_list(running) == [OFFICE, SERVER]


def test_a_list_seen_before_a_change_is_told_at_the_look_already(browser: Client, running: DataStore) -> None:
    set_list(running, OFFICE, SERVER)
    look = browser.post(url(running), body([OFFICE]))
    assert "Somebody changed the list since you opened it" in text(look)
    assert "Removed 192.0.2.5 Build server" in text(look)


def test_saving_twice_changes_once(browser: Client, running: DataStore, doors: Doors) -> None:
    look = browser.post(url(running), body(seen=allow_list(running), add="192.0.2.5"))
    browser.post(url(running, "save/"), fields(look))
    again = browser.post(url(running, "save/"), fields(look), follow=True)
    assert "The list says this already: nothing changed." in text(again)
    assert len(doors.told) == AuditEvent.objects.filter(action="store.networks_changed").count() == 1


def test_change_it_further_keeps_the_wanted_list(browser: Client, running: DataStore) -> None:
    look = browser.post(url(running), body(seen=allow_list(running), add="192.0.2.5 Build server"))
    page = browser.post(url(running), fields(look) | {"edit": "1"})
    sent = fields(page) | {"who": "listed", "add": "198.51.100.0/24 Office"}
    browser.post(url(running, "save/"), fields(browser.post(url(running), sent)))
    assert allow_list(running) == [SERVER, OFFICE]


def test_while_the_edge_is_down_the_list_is_saved_and_told(browser: Client, running: DataStore, doors: Doors) -> None:
    doors.connected = None
    look = browser.post(url(running), body(seen=allow_list(running), add="192.0.2.5"))
    assert "connected clients can't be counted" in text(look)
    done = browser.post(url(running, "save/"), fields(look), follow=True)
    assert "the list is in effect when it starts" in text(done)
    assert [entry.label for entry in allow_list(running)] == ["192.0.2.5"]


def test_what_the_edge_refuses_is_not_saved(browser: Client, running: DataStore, doors: Doors) -> None:
    doors.refusal = Refusal("The edge did not take the list, so nothing was saved.", "Try again.")
    answer = browser.post(url(running, "save/"), body(seen=allow_list(running), add="192.0.2.5"))
    assert answer.status_code == 422
    assert "nothing was saved" in text(answer)
    assert "192.0.2.5" in text(answer)
    assert [entry.network for entry in allow_list(running)] == ["0.0.0.0/0", "::/0"]
    assert doors.told == [["192.0.2.5/32"], ["0.0.0.0/0", "::/0"]], "a part that was taken is taken back"
    assert not AuditEvent.objects.filter(action="store.networks_changed").exists()


def test_a_store_that_is_being_deleted_keeps_its_list(browser: Client, running: DataStore) -> None:
    running.set_state(State.DELETING)
    answer = browser.post(url(running, "save/"), body(seen=allow_list(running), add="192.0.2.5"))
    assert answer.status_code == 422
    assert "is being deleted" in text(answer)


def test_a_form_that_no_page_sent_is_refused(browser: Client, running: DataStore, doors: Doors) -> None:
    for sent in ({}, body([Entry("192.0.2.5/24")]), body([OFFICE, OFFICE]), body([Entry("x" * 500)])):
        assert browser.post(url(running, "save/"), sent).status_code == 422
    assert doors.told == []


def test_the_role_decides_and_others_find_nothing(sign_in: SignIn, outsider: Client, running: DataStore) -> None:
    viewer = sign_in(Role.VIEWER)
    page = viewer.get(f"/databases/{running.pk}/settings/")
    assert "Needs the role Admin or DevOps; yours is Viewer." in text(page)
    assert 'name="mine"' not in page.content.decode()
    for end in ("", "save/"):
        assert viewer.post(url(running, end), body()).status_code == 403
        assert outsider.post(url(running, end), body()).status_code == 404
