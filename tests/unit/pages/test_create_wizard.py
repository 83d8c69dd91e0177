"""/databases/create/…: the questions, what they refuse, and that one store comes out of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from console.models import AuditEvent, Member
from console.permissions import Role
from datastores.models import DataStore, PlanPrice, Region
from tests.unit.pages.conftest import SignIn

Answer = Any  # the test client's response has no public type
ROOT = "/databases/create/"
ANSWERS = {
    "type": "postgresql",
    "name": "orders",
    "cloud": "aws",
    "region": "eu-central-1",
    "plan": "hobbyist",
}


def before(step: str) -> dict[str, str]:
    """Return the answers that come before a step."""
    asked = list(ANSWERS)
    return {name: ANSWERS[name] for name in asked[: asked.index(step)]} if step in ANSWERS else dict(ANSWERS)


def send(browser: Client, step: str, draft: dict[str, str] | None = None, **answer: str) -> Answer:
    """Answer a step."""
    query = "&".join(f"{name}={value}" for name, value in (draft if draft is not None else before(step)).items())
    return browser.post(f"{ROOT}{step}/?{query}", answer)


def lands_on(answer: Answer) -> tuple[str, dict[str, str]]:
    """Return the path and the answers that a redirect leads to."""
    assert answer.status_code == 302, answer.content.decode()[-600:]
    target = urlsplit(answer["Location"])
    return target.path, dict(parse_qsl(target.query))


def review(browser: Client, draft: dict[str, str] = ANSWERS) -> str:
    """Open the review and return the mark in its form."""
    page = browser.get(f"{ROOT}review/", draft)
    assert page.status_code == 200
    return str(page.context["opened"])


@pytest.fixture
def browser(sign_in: SignIn) -> Client:
    """Return a DevOps member's browser."""
    return sign_in(Role.DEVOPS)


def test_create_leads_to_the_first_question(browser: Client) -> None:
    assert lands_on(browser.get(ROOT)) == (f"{ROOT}type/", {})


def test_the_whole_way_makes_one_store(browser: Client) -> None:
    draft: dict[str, str] = {}
    for step, answer in ANSWERS.items():
        assert browser.get(f"{ROOT}{step}/", draft).status_code == 200
        path, draft = lands_on(send(browser, step, draft, **{step: answer}))
    assert (path, draft) == (f"{ROOT}review/", ANSWERS)
    made = send(browser, "review", opened=review(browser))
    store = DataStore.objects.get()
    assert lands_on(made) == (f"/databases/{store.pk}/", {})
    assert (store.name, store.plan.slug, str(store.region)) == ("orders", "hobbyist", "AWS eu-central-1")
    assert AuditEvent.objects.filter(action="store.created", object_id=str(store.pk)).count() == 1


def test_a_second_click_shows_the_store_of_the_first(browser: Client) -> None:
    opened = review(browser)
    first, second = (send(browser, "review", opened=opened) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert DataStore.objects.count() == 1
    assert AuditEvent.objects.filter(action="store.created").count() == 1


def test_a_later_review_of_the_same_name_is_no_second_click(browser: Client) -> None:
    send(browser, "review", opened=review(browser))
    path, _draft = lands_on(browser.get(f"{ROOT}review/", ANSWERS))
    assert path == f"{ROOT}name/"
    assert "exists already" in browser.get(f"{ROOT}name/", ANSWERS).content.decode()
    assert DataStore.objects.count() == 1


def test_another_answer_is_no_second_click(browser: Client) -> None:
    opened = review(browser)
    send(browser, "review", opened=opened)
    path, _draft = lands_on(send(browser, "review", ANSWERS | {"plan": "startup-4"}, opened=opened))
    assert path == f"{ROOT}name/"


def test_a_forged_mark_does_not_lead_to_a_store(browser: Client) -> None:
    send(browser, "review", opened=review(browser))
    path, _draft = lands_on(send(browser, "review", opened="1970:forged"))
    assert path == f"{ROOT}name/"


@pytest.mark.parametrize(
    ("step", "answer", "sentence"),
    [
        ("type", "", "Choose a type."),
        ("type", "oracle", "This type is not offered here."),
        ("name", "", "Give the data store a name."),
        ("name", "   ", "Give the data store a name."),
        ("name", "x" * 61, "The name may have at most 60 characters"),
        ("name", "bad\u0007bell", "characters that can&#x27;t be shown"),
        ("cloud", "ibm", "This cloud is not offered here."),
        ("region", "eastus", "This region is not offered on the chosen cloud."),
        ("plan", "", "Choose a plan."),
        ("plan", "business-5", "This plan is not offered here."),
    ],
)
def test_a_wrong_answer_comes_back_with_its_error(browser: Client, step: str, answer: str, sentence: str) -> None:
    page = send(browser, step, None, **{step: answer})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert DataStore.objects.count() == 0


def test_what_was_typed_stays_with_its_error(browser: Client, store: DataStore) -> None:
    page = send(browser, "name", name="  ORDERS ")
    assert page.status_code == 422
    assert "exists already in Acme" in page.content.decode()
    assert 'value="  ORDERS "' in page.content.decode()


def test_a_name_of_sixty_letters_and_one_of_another_organization_are_fine(
    browser: Client,
    outsider: Client,
    store: DataStore,
) -> None:
    assert lands_on(send(browser, "name", name="ä" * 60))[0] == f"{ROOT}cloud/"
    assert lands_on(send(outsider, "name", name="orders"))[0] == f"{ROOT}cloud/"


def test_white_space_in_a_name_is_joined(browser: Client) -> None:
    assert lands_on(send(browser, "name", name=" my \t orders "))[1]["name"] == "my orders"


@pytest.mark.parametrize("step", ["name", "cloud", "region", "plan", "review"])
def test_a_step_without_the_ones_before_leads_to_the_first_open_one(browser: Client, step: str) -> None:
    assert lands_on(browser.get(f"{ROOT}{step}/"))[0] == f"{ROOT}type/"


def test_back_finds_the_later_answers_too(browser: Client) -> None:
    page = browser.get(f"{ROOT}cloud/", ANSWERS).content.decode()
    assert 'value="aws" required checked' in page
    assert lands_on(send(browser, "cloud", ANSWERS, cloud="aws"))[1] == ANSWERS


def test_another_cloud_asks_for_the_region_again(browser: Client) -> None:
    path, draft = lands_on(send(browser, "cloud", ANSWERS, cloud="gcp"))
    assert path == f"{ROOT}region/"
    assert "region" not in draft
    assert draft["plan"] == "hobbyist"


def test_regions_stand_under_their_area(browser: Client) -> None:
    page = browser.get(f"{ROOT}region/", before("region")).content.decode()
    order = [page.index(text) for text in ("United States", "us-east-1", "European Union", "eu-central-1")]
    assert order == sorted(order)


def test_a_closed_region_is_not_offered(browser: Client, region: Region) -> None:
    Region.objects.filter(pk=region.pk).update(enabled=False)
    assert "eu-central-1" not in browser.get(f"{ROOT}region/", before("region")).content.decode()
    assert lands_on(browser.get(f"{ROOT}review/", ANSWERS))[0] == f"{ROOT}region/"


def test_plan_cards_tell_facts_prices_and_what_is_not_there_yet(browser: Client) -> None:
    page = browser.get(f"{ROOT}plan/", before("plan"))
    plans = {card.slug: card for card in page.context["offered"]}
    assert len(plans) == 10
    assert page.context["refused"] == []
    startup = plans["startup-4"]
    assert (startup.price_hour, startup.price_month) == ("$0.1100", "$80.30")
    assert dict(startup.facts)["Connections"] == "100 at once"
    assert dict(startup.facts)["Backup history"] == "2 days, to the second"
    assert startup.why == ""
    assert dict(plans["premium-4"].facts)["Availability"].startswith("Three nodes (primary and two standbys)")


@pytest.mark.parametrize(("plan", "nodes"), [("business-4", 2), ("premium-4", 3)])
def test_a_plan_with_standbys_makes_all_its_nodes(browser: Client, plan: str, nodes: int) -> None:
    draft = ANSWERS | {"plan": plan}
    assert lands_on(send(browser, "plan", before("plan"), plan=plan))[0] == f"{ROOT}review/"
    send(browser, "review", draft, opened=review(browser, draft))
    store = DataStore.objects.get()
    assert [node.role for node in store.nodes.all()] == ["primary", *["standby"] * (nodes - 1)]
    assert store.guarantee_suspended_since is not None


def test_a_cache_tells_how_much_of_the_memory_holds_keys(browser: Client) -> None:
    cards = {kind: plan_card(browser, kind, "startup-4") for kind in ("cache", "postgresql")}
    assert cards["cache"]["Memory for keys"] == "2,867 MiB"
    assert "Memory for keys" not in cards["postgresql"]


def plan_card(browser: Client, kind: str, plan: str) -> dict[str, str]:
    """Return the facts of a plan's card for a type."""
    page = browser.get(f"{ROOT}plan/", before("plan") | {"type": kind})
    return next(dict(card.facts) for card in page.context["offered"] if card.slug == plan)


def test_prices_are_those_of_the_chosen_cloud(browser: Client) -> None:
    page = browser.get(f"{ROOT}plan/", before("plan") | {"cloud": "digitalocean", "region": "fra1"})
    prices = {card.slug: card.price_hour for card in page.context["offered"]}
    price = PlanPrice.objects.get(plan__slug="startup-4", cloud__slug="digitalocean")
    assert prices["startup-4"] == f"${price.hourly:.4f}" != "$0.1100"


def test_a_plan_without_a_price_there_is_not_offered(browser: Client) -> None:
    PlanPrice.objects.filter(plan__slug="hobbyist", cloud__slug="aws").delete()
    page = browser.get(f"{ROOT}plan/", before("plan"))
    assert [card.slug for card in page.context["refused"]] == ["hobbyist"]
    assert "1 plan can&#x27;t be created in this region" in page.content.decode().replace("can't", "can&#x27;t")
    assert "not offered on the chosen cloud" in send(browser, "plan", plan="hobbyist").content.decode()


def test_a_choice_updates_the_summary_and_the_address(browser: Client) -> None:
    answer = browser.get(f"{ROOT}plan/", before("plan") | {"plan": "startup-8"}, headers={"HX-Request": "true"})
    assert "$160.60" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "plan=startup-8" in answer["HX-Replace-Url"]


def test_the_operators_refusal_is_shown_and_nothing_is_lost(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.errors import Refusal

    def refuse(**_asked: object) -> DataStore:
        raise Refusal("The site is being serviced.", "Try again in an hour.")

    monkeypatch.setattr("datastores.views.create.create_store", refuse)
    page = send(browser, "review", opened=review(browser))
    assert page.status_code == 422
    assert "The site is being serviced." in page.content.decode()
    assert "Try again in an hour." in page.content.decode()


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.BILLING_ADMIN, Role.VIEWER])
def test_roles_that_may_not_create_are_refused(sign_in: SignIn, role: Role) -> None:
    browser = sign_in(role)
    assert browser.get(f"{ROOT}type/").status_code == 403
    assert send(browser, "review", opened="x").status_code == 403
    assert DataStore.objects.count() == 0


def test_unknown_steps_and_methods(browser: Client, admin: Member) -> None:
    assert browser.get(f"{ROOT}colour/").status_code == 404
    assert browser.put(f"{ROOT}type/").status_code == 405
