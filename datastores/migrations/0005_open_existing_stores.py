"""Give stores of before the allow list the open one that they had."""

from typing import Any

from django.db import migrations

EVERYBODY = ("0.0.0.0/0", "::/0")


def open_to_everybody(apps: Any, _schema_editor: Any) -> None:
    """Add both networks to every store that has none."""
    network = apps.get_model("datastores", "AllowedNetwork")
    for store in (
        apps.get_model("datastores", "DataStore").objects.exclude(state="deleted").filter(allowed_networks=None)
    ):
        network.objects.bulk_create([network(store=store, network=text) for text in EVERYBODY])


class Migration(migrations.Migration):
    dependencies = [("datastores", "0004_networks_disk_and_settings")]

    operations = [migrations.RunPython(open_to_everybody, migrations.RunPython.noop)]
