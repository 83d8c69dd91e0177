"""The Marketplace with 5,000 listings: milliseconds and queries of its view, without a search and with each kind of one.

The clock runs in the view alone, template included. The floor is the same view with one listing in all.
"""

from __future__ import annotations

import random
import time

from tests.bench.bench_store_list import MOST_QUERIES, RUNS, WARM_UP, database  # makes Django ready first

# isort: split
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from console.audit import Actor
from console.models import Environment, Member, Organization, Person
from datastores.models import Credential, DataStore, Region, ServicePlan
from marketplace.models import Listing
from marketplace.views import listings
from tests.bench.report import Row, report

GOAL = 50.0  # milliseconds, issue 6
MANY = 5_000
WORDS = [
    "orders",
    "invoices",
    "customers",
    "shipments",
    "prices",
    "stock",
    "returns",
    "sessions",
    "baskets",
    "carts",
    "payments",
    "refunds",
    "events",
    "clicks",
    "visits",
    "searches",
    "users",
    "profiles",
    "addresses",
    "messages",
    "reviews",
    "ratings",
    "photos",
    "tags",
    "suppliers",
    "contracts",
    "tenders",
]
RARER = [f"word{number}" for number in range(1_000)]
SEARCHES = {
    "no search": "",
    "one word, everywhere": "?q=order",
    "a rare word, everywhere": "?q=needle",
    "two words, everywhere": "?q=order+invoi",
    "in names": "?q=order&where=name",
    "in labels": "?q=billing&where=label",
    "in content": "?q=customers&where=content",
    "a word and a type": "?q=order&type=mysql",
    "nothing found": "?q=zzzz",
}
FLOOR = "1 listing, no search"


def fill(count: int) -> Member:
    """Make the listings anew, each with text of about 1,000 letters, and return the member who looks."""
    for model in (Listing, Credential, DataStore, Environment, Member, Organization, Person):
        model.objects.all().delete()
    person = Person.objects.create(email="bench@example.test")
    own = Organization.objects.create(name="Own", handle="own")
    environment = Environment.objects.create(organization=own, name="Development")
    chance = random.Random(6)  # noqa: S311 - the same listings in every run
    region, plan = Region.objects.all()[0], ServicePlan.objects.all()[0]
    engines = ("postgresql", "mysql", "cache", "postgresql-vector")
    stores = [
        DataStore(
            organization=own, name=f"store {number}", engine=engines[number % 4], state="running", region=region,
            plan=plan, admin_user="hwadmin", admin_password="of-no-use",
        )
        for number in range(count)
    ]  # fmt: skip
    DataStore.objects.bulk_create(stores, batch_size=1_000)
    Credential.objects.bulk_create(
        (
            Credential(
                store=store, database="defaultdb", name="app", environment=environment, kind="super_admin",
                username="hwadmin",
            )
            for store in stores
        ),
        batch_size=1_000,
    )  # fmt: skip
    found = [_listing(own, store, number, chance) for number, store in enumerate(stores)]
    Listing.objects.bulk_create(found, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
        cursor.execute("ANALYZE")
    return Member.objects.create(organization=own, person=person, role="admin")


# As Listing.index does it, for all rows at once.
INDEX = """
    UPDATE marketplace_listing SET
        words = to_tsvector('simple', concat_ws(' ', name, array_to_string(labels, ' '), summary, overview)),
        name_words = to_tsvector('simple', name),
        label_words = to_tsvector('simple', array_to_string(labels, ' ')),
        content_words = to_tsvector('simple', summary || ' ' || overview)
"""


def _listing(own: Organization, store: DataStore, number: int, chance: random.Random) -> Listing:
    text = " ".join([*chance.choices(WORDS, k=3), *chance.choices(RARER, k=137)]) + (" needle" if number == 7 else "")
    return Listing(
        organization=own, store=store, database="defaultdb", name=f"{chance.choice(WORDS)} {number}",
        summary=" ".join(chance.choices(WORDS, k=3)), overview=text,
        labels=chance.sample(["billing", "shop", "eu", "us", "search", "mail"], 2),
    )  # fmt: skip


def look(member: Member, query: str) -> float:
    """Return the milliseconds of one view, template included."""
    request = RequestFactory().get(f"/marketplace/{query}")
    request.resolver_match = resolve("/marketplace/")
    request.session = SessionStore()
    request.user = member.person
    request.member, request.htmx = member, False  # type: ignore[attr-defined]
    request.actor = Actor(person=member.person)  # type: ignore[attr-defined]
    began = time.perf_counter()
    answer = listings.index(request)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"the Marketplace answered {answer.status_code}")
    return took


def measure(member: Member, query: str) -> tuple[list[float], int]:
    """Return the milliseconds of every run, and the queries of one."""
    with CaptureQueriesContext(connection) as queries:
        look(member, query)
    asked = len(queries)
    for _ in range(WARM_UP):
        look(member, query)
    return [look(member, query) for _ in range(RUNS)], asked


def main() -> None:
    """Measure the floor, then every search of the full Marketplace."""
    rows: list[Row] = []
    with database():
        samples, _asked = measure(fill(1), "")
        rows.append(Row(FLOOR, samples, "ms"))
        member = fill(MANY)
        for name, query in SEARCHES.items():
            samples, asked = measure(member, query)
            rows.append(Row(name, samples, "ms", GOAL, FLOOR))
            rows.append(Row(f"{name}, queries", [asked], "queries", MOST_QUERIES))
    report("Marketplace: one page of 5,000 listings", rows)


if __name__ == "__main__":
    main()
