"""Meters: what runs now is counted from now on, and today's prices are those of the time before, too."""

from datetime import UTC, datetime
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

BEFORE_ANYTHING = datetime(2000, 1, 1, tzinfo=UTC)


def begin(apps: Any, _schema_editor: Any) -> None:
    """Take the first readings, and begin the history of every price."""
    now = timezone.now()
    reading, change = (apps.get_model("datastores", name) for name in ("MeterReading", "PriceChange"))
    for store in apps.get_model("datastores", "DataStore").objects.filter(state="running"):
        reading.objects.create(store=store, at=now, active=True, plan_id=store.plan_id)
    for price in apps.get_model("datastores", "PlanPrice").objects.all():
        change.objects.create(
            plan_id=price.plan_id, cloud_id=price.cloud_id, hourly=price.hourly, since=BEFORE_ANYTHING
        )


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0004_tier"),
        ("datastores", "0006_credentials"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MeterReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("active", models.BooleanField()),
                ("trial", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("at", "id"),
            },
        ),
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hourly", models.DecimalField(decimal_places=4, max_digits=9, verbose_name="USD per hour")),
                ("since", models.DateTimeField()),
            ],
            options={
                "ordering": ("since", "id"),
            },
        ),
        migrations.AddField(
            model_name="datastore",
            name="trial_ends_at",
            field=models.DateTimeField(
                blank=True, help_text="Set for a free trial; an upgrade of the organization clears it.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="datastore",
            constraint=models.UniqueConstraint(
                condition=models.Q(("trial_ends_at__isnull", False), models.Q(("state", "deleted"), _negated=True)),
                fields=("organization", "engine"),
                name="one_trial_per_type",
            ),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="datastores.serviceplan"
            ),
        ),
        migrations.AddField(
            model_name="meterreading",
            name="store",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="datastores.datastore"
            ),
        ),
        migrations.AddField(
            model_name="pricechange",
            name="cloud",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datastores.cloud"
            ),
        ),
        migrations.AddField(
            model_name="pricechange",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datastores.serviceplan"
            ),
        ),
        migrations.AddIndex(
            model_name="meterreading",
            index=models.Index(fields=["store", "at", "id"], name="reading_by_store"),
        ),
        migrations.AddIndex(
            model_name="pricechange",
            index=models.Index(fields=["cloud", "plan", "since"], name="price_history"),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
