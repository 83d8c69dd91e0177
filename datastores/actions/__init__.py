"""What a person can ask of data stores. Every action takes keywords, checks the rules, and leaves an audit event."""

from datastores.actions.availability import drill, replace_node, restart, set_monthly_drill, switch_over
from datastores.actions.creation import create_store
from datastores.actions.deletion import delete_store, set_protection
from datastores.actions.extensions import create_extension
from datastores.actions.monthly_drill import next_monthly_drill, open_due_drills
from datastores.actions.networks import ListChanged, allow_list, set_allow_list
from datastores.actions.passwords import reset_password, reveal_password
from datastores.actions.power import power_off, power_on
from datastores.actions.recovery import cancel_operation, retry_operation
from datastores.actions.settings import change_settings

__all__ = [
    "ListChanged",
    "allow_list",
    "cancel_operation",
    "change_settings",
    "create_extension",
    "create_store",
    "delete_store",
    "drill",
    "next_monthly_drill",
    "open_due_drills",
    "power_off",
    "power_on",
    "replace_node",
    "reset_password",
    "restart",
    "retry_operation",
    "reveal_password",
    "set_allow_list",
    "set_monthly_drill",
    "set_protection",
    "switch_over",
]
