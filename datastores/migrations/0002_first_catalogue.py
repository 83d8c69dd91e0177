"""Fill the catalogue of a new installation; operators edit the rows afterwards."""

from typing import Any

from django.db import migrations

from datastores import catalogue


def fill(apps: Any, _schema_editor: Any) -> None:
    """Make the local site, clouds, regions, plans and prices."""
    model = {
        name: apps.get_model("datastores", name) for name in ("Site", "Cloud", "Region", "ServicePlan", "PlanPrice")
    }
    site = model["Site"].objects.create(slug="local", name="This machine", kind="local")
    clouds = {
        slug: model["Cloud"].objects.create(slug=slug, name=name, position=position)
        for position, (slug, name) in enumerate(catalogue.CLOUDS)
    }
    for cloud, code, name, area in catalogue.REGIONS:
        model["Region"].objects.create(cloud=clouds[cloud], code=code, name=name, area=area, site=site)
    for position, (family, ram, nodes, vcpu, storage, base) in enumerate(catalogue.PLANS):
        name = catalogue.plan_name(family, ram)
        plan = model["ServicePlan"].objects.create(
            slug=name.lower(),
            name=name,
            family=family,
            node_count=nodes,
            ram_gib=ram,
            vcpu=vcpu,
            storage_gib=storage,
            position=position,
        )
        for slug, cloud in clouds.items():
            model["PlanPrice"].objects.create(plan=plan, cloud=cloud, hourly=catalogue.hourly_price(base, slug))


class Migration(migrations.Migration):
    dependencies = [("datastores", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
