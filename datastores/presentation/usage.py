"""A month's usage: hours and cost of every data store, the plot of its days, and where the month will end."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from console.models import Organization
from datastores import metering
from datastores.metering import Price, Span
from datastores.models import DataStore, MeterReading, PriceChange, ServicePlan
from datastores.presentation.bars import Bar, bars
from datastores.presentation.rows import engine_label

DAY = timedelta(days=1)
PlanPrices = dict[int, list[Price]]


@dataclass(frozen=True)
class UsageRow:
    """One data store in one month."""

    store: DataStore
    engine: str
    plans: str
    hours: Decimal
    trial_hours: Decimal
    cost: Decimal
    forecast: Decimal  # of the whole month, if it goes on as it is now
    active: bool
    strip: list[Bar]


@dataclass(frozen=True)
class UsageMonth:
    """The month's page. ``forecast`` is None for a month that is over."""

    begin: datetime
    rows: list[UsageRow]
    total: Decimal
    forecast: Decimal | None
    days: list[Bar]
    highest: Decimal
    previous: datetime | None
    next: datetime | None


def usage_of(organization: Organization, moment: datetime, now: datetime | None = None) -> UsageMonth:
    """Return the usage of the month of ``moment``: three queries, however many data stores there are."""
    now = now or timezone.now()
    begin, end = metering.month_of(moment)
    meters = _meters(organization, end)
    stores = _stores(meters)
    prices, names = (
        _prices({store.region.cloud_id for store in stores}),
        dict(ServicePlan.objects.values_list("pk", "name")),
    )
    rows, days = [], [Decimal(0)] * ((end - begin) // DAY)
    for store in stores:
        spans = metering.within(metering.spans(meters[store.pk], until=min(now, end)), begin, end)
        if not spans:
            continue
        known = prices[store.region.cloud_id]
        rows.append(_row(store, spans, known, names, begin, end, now))
        for day in range(len(days)):
            days[day] += metering.cost(metering.within(spans, begin + day * DAY, begin + (day + 1) * DAY), known)
    highest = max(days, default=Decimal(0))
    return UsageMonth(
        begin=begin,
        rows=rows,
        total=sum((row.cost for row in rows), Decimal(0)),
        forecast=sum((row.forecast for row in rows), Decimal(0)) if begin <= now < end else None,
        days=bars(days, highest, [f"{begin + day * DAY:%-d %B}: ${amount:,.2f}" for day, amount in enumerate(days)]),
        highest=metering.in_cents(highest),
        previous=begin - DAY if _began_before(organization, begin) else None,
        next=end if end <= now else None,
    )


def _meters(organization: Organization, end: datetime) -> dict[object, list[metering.Reading]]:
    found: dict[object, list[metering.Reading]] = defaultdict(list)
    for reading in MeterReading.objects.filter(store__organization=organization, at__lt=end):
        found[reading.store_id].append(reading.value())
    return found


def _stores(meters: dict[object, list[metering.Reading]]) -> list[DataStore]:
    """Return the metered data stores by name, those that were deleted as well, without their secrets."""
    found = DataStore.objects.filter(pk__in=list(meters)).select_related("region__cloud", "plan")
    return list(found.defer("admin_password", "next_admin_password").order_by("name", "created_at"))


def _prices(clouds: set[int]) -> dict[int, PlanPrices]:
    """Return the price history by cloud and plan."""
    found: dict[int, PlanPrices] = {cloud: defaultdict(list) for cloud in clouds}
    for change in PriceChange.objects.filter(cloud_id__in=clouds):
        found[change.cloud_id][change.plan_id].append(Price(change.since, change.hourly))
    return found


def _row(
    store: DataStore, spans: list[Span], prices: PlanPrices, names: dict[int, str], begin: datetime, end: datetime, now: datetime
) -> UsageRow:  # fmt: skip
    spent = metering.cost(spans, prices)
    last = spans[-1]
    goes_on = last.end == now < end  # the meter runs
    rest = metering.cost([Span(now, end, last.plan, last.trial)], prices) if goes_on else Decimal(0)
    plans = dict.fromkeys(names[span.plan] for span in spans)
    per_day = [
        metering.total(metering.within(spans, begin + day * DAY, begin + (day + 1) * DAY)) / timedelta(hours=1)
        for day in range((end - begin) // DAY)
    ]
    words = [f"{begin + day * DAY:%-d %B}: {hours:.1f} h" for day, hours in enumerate(per_day)]
    return UsageRow(
        store=store,
        engine=engine_label(store.engine)[0],
        plans=" → ".join(plans),
        hours=_hours(span for span in spans if not span.trial),
        trial_hours=_hours(span for span in spans if span.trial),
        cost=metering.in_cents(spent),
        forecast=metering.in_cents(spent + rest),
        active=goes_on,
        strip=bars([Decimal(hours) for hours in per_day], Decimal(24), words),
    )


def _hours(spans: object) -> Decimal:
    """Return hours to two decimals."""
    length = metering.total(spans)  # type: ignore[arg-type]
    return (Decimal(length.total_seconds()) / 3600).quantize(Decimal("0.01"))


def _began_before(organization: Organization, begin: datetime) -> bool:
    return MeterReading.objects.filter(store__organization=organization, at__lt=begin).exists()


def month_named(text: str, now: datetime | None = None) -> datetime:
    """Return the month that a query names as 2026-11; anything unreadable, or to come, is the current one."""
    now = now or timezone.now()
    try:
        wanted = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return now
    return wanted if metering.EPOCH <= wanted <= now else now
