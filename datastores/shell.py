"""What the data stores add to the shell: navigation entries, a panel of the front page, words for the trail."""

from __future__ import annotations

from console import navigation, obstacles, overview, wording
from console.models import Organization
from console.navigation import Entry
from console.overview import Panel
from console.requests import AuthedRequest
from datastores.models import DataStore
from datastores.presentation.panel import panel_of
from datastores.presentation.sections import DATABASES, VECTOR_DATABASES

WORDS = {
    "store.created": "created the data store",
    "store.power_off": "powered off",
    "store.power_on": "powered on",
    "store.password_revealed": "revealed the super admin password of",
    "store.password_copied": "copied the super admin password of",
    "store.password_reset": "reset the super admin password of",
    "store.networks_changed": "changed who may connect to",
    "store.plan_changed": "asked for another plan of",
    "store.settings_changed": "changed engine settings of",
    "store.extension_created": "had an extension created in",
    "store.switched_over": "switched over",
    "store.restarted": "restarted",
    "store.failed_over": "failed over",
    "store.node_replaced": "replaced a node of",
    "store.drilled": "ran a failure drill on",
    "store.monthly_drill_on": "switched the monthly drill on for",
    "store.monthly_drill_off": "switched the monthly drill off for",
    "store.guarantee_suspended": "saw no standby that has every acknowledged write of",
    "store.guarantee_resumed": "saw a standby that has every acknowledged write again of",
    "store.database_created": "created a database in",
    "store.database_deleted": "deleted a database of",
    "credential.imported": "imported credentials for",
    "credential.made": "had a login made in",
    "credential.repaired": "repaired credentials for",
    "credential.deleted": "deleted credentials for",
    "store.back_up": "asked for a backup of",
    "store.prove": "asked for a proof of the backup of",
    "store.backup_time_changed": "changed the time of the daily backup of",
    "store.restored": "restored into the new data store",
    "store.node_lost": "found a node lost of",
    "store.node_restored": "asked for a new node, from the backup, for",
    "store.brought_back": "brought back the deleted data store",
    "store.proof_failed": "could not restore a copy of",
    "store.backup_alarm": "raised an alarm about the backups of",
    "store.backup_well": "took back an alarm about the backups of",
    "store.protected": "switched deletion protection on for",
    "store.unprotected": "switched deletion protection off for",
    "store.disk_warned": "warned about the disk of",
    "store.writes_stopped": "stopped writes to",
    "store.writes_allowed": "allowed writes again to",
    "store.trial_forfeited": "ended for good the trial of",
    "store.trial_upgraded": "made a paid data store of the trial",
    "store.deleted": "deleted the data store",
    "operation.taken_over": "had stuck work taken over on",
    "operation.cancelled": "cancelled work on",
    "operation.retried": "retried failed work on",
}


def stores_left(organization: Organization) -> str:
    """Say which data stores keep an organization from being deleted."""
    names = list(DataStore.objects.present().filter(organization=organization).values_list("name", flat=True)[:4])
    if not names:
        return ""
    more = " and more" if len(names) > 3 else ""
    return f"Delete its data stores first: {', '.join(names[:3])}{more}."


def register() -> None:
    """Add them; called once when the application is ready."""
    navigation.register(
        Entry("Usage", "usage", "chart-column", 70, permission="usage:view"),
        *(
            Entry(section.label, section.route, section.icon, 20 + place, "Dependencies", "store:view")
            for place, section in enumerate((DATABASES, VECTOR_DATABASES))
        ),
    )
    overview.register("stores", stores_panel, position=10)
    wording.register(WORDS)
    obstacles.register("stores", stores_left)


def stores_panel(request: AuthedRequest) -> Panel:
    """Tell how many data stores there are, and which of them need a look."""
    return Panel("datastores/panel.html", {"stores": panel_of(request.member)})
