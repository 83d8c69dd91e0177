"""Tiers: organizations that exist already are paid ones, so that nothing they have becomes a trial."""

from typing import Any

from django.db import migrations, models


def existing_are_paid(apps: Any, _schema_editor: Any) -> None:
    """Upgrade whoever is there."""
    apps.get_model("console", "Organization").objects.update(tier="paid")


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0003_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="tier",
            field=models.CharField(
                choices=[("free", "Free"), ("paid", "Paid")],
                default="free",
                help_text="Only a paid organization creates data stores that are not trials.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="upgrade_asked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(existing_are_paid, migrations.RunPython.noop),
    ]
