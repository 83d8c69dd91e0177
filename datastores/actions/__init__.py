"""What a person can ask of data stores. Every action takes keywords, checks the rules, and leaves an audit event."""

from datastores.actions.availability import drill, replace_node, restart, set_monthly_drill, switch_over
from datastores.actions.backups import back_up, open_due, prove, set_backup_time
from datastores.actions.creation import create_store
from datastores.actions.deletion import delete_store, set_protection
from datastores.actions.extensions import create_extension
from datastores.actions.monthly_drill import next_monthly_drill, open_due_drills
from datastores.actions.networks import ListChanged, allow_list, set_allow_list
from datastores.actions.passwords import reset_password, reveal_password
from datastores.actions.power import power_off, power_on
from datastores.actions.recovery import cancel_operation, retry_operation, take_over_operation
from datastores.actions.restoring import Wish, deleted_stores, restore_deleted, restore_node, restore_to_new_store
from datastores.actions.settings import change_settings

__all__ = [
    "ListChanged",
    "Wish",
    "allow_list",
    "back_up",
    "cancel_operation",
    "change_settings",
    "create_extension",
    "create_store",
    "delete_store",
    "deleted_stores",
    "drill",
    "next_monthly_drill",
    "open_due",
    "open_due_drills",
    "power_off",
    "power_on",
    "prove",
    "replace_node",
    "reset_password",
    "restart",
    "restore_deleted",
    "restore_node",
    "restore_to_new_store",
    "retry_operation",
    "reveal_password",
    "set_allow_list",
    "set_backup_time",
    "set_monthly_drill",
    "set_protection",
    "switch_over",
    "take_over_operation",
]
