"""The addresses of the data stores' pages."""

from __future__ import annotations

from django.urls import path

from datastores.views import (
    availability,
    backups,
    controls,
    create,
    credentials,
    databases,
    engine_settings,
    extensions,
    metrics,
    networks,
    plan,
    secrets,
    stores,
    tabs,
    usage,
)

urlpatterns = [
    path("metrics", metrics.metrics, name="metrics"),
    path("databases/<uuid:pk>/plan/", plan.change, name="store-plan"),
    path("usage/", usage.index, name="usage"),
    path("usage/export.csv", usage.export, name="usage-export"),
    path("databases/", stores.index, name="store-list"),
    path("vector-databases/", stores.vector_index, name="vector-store-list"),
    path("databases/create/", create.begin, name="store-create"),
    path("databases/create/review/", create.review, name="store-create-review"),
    path("databases/create/<slug:step>/", create.question, name="store-create-step"),
    path("databases/<uuid:pk>/", tabs.overview, name="store"),
    path("databases/<uuid:pk>/operation/", tabs.operation, name="store-operation"),
    path("databases/<uuid:pk>/databases/", extensions.databases, name="store-databases"),
    path("databases/<uuid:pk>/databases/extension/", extensions.create, name="store-extension-create"),
    path("databases/<uuid:pk>/uses/", databases.uses, name="store-uses"),
    path("databases/<uuid:pk>/databases/create/", databases.create, name="store-database-create"),
    path("databases/<uuid:pk>/databases/delete/", databases.delete, name="store-database-delete"),
    path("databases/<uuid:pk>/credentials/import/", credentials.import_credentials, name="store-credential-import"),
    path("databases/<uuid:pk>/credentials/create/", credentials.create_login, name="store-credential-create"),
    path(
        "databases/<uuid:pk>/credentials/<uuid:credential>/delete/", credentials.delete, name="store-credential-delete"
    ),
    path("databases/<uuid:pk>/credentials/<uuid:credential>/check/", credentials.check, name="store-credential-check"),
    path(
        "databases/<uuid:pk>/credentials/<uuid:credential>/repair/", credentials.repair, name="store-credential-repair"
    ),
    path("databases/<uuid:pk>/backups/", backups.backups, name="store-backups"),
    path("databases/<uuid:pk>/backups/now/", backups.back_up, name="store-back-up"),
    path("databases/<uuid:pk>/backups/prove/", backups.prove, name="store-prove"),
    path("databases/<uuid:pk>/backups/time/", backups.change_time, name="store-backup-time"),
    path("databases/<uuid:pk>/backups/restore/", backups.restore, name="store-restore"),
    path("databases/<uuid:pk>/backups/node/", backups.restore_node, name="store-restore-node"),
    path("databases/<uuid:pk>/bring-back/", backups.bring_back, name="store-bring-back"),
    path("databases/<uuid:pk>/nodes/", availability.nodes, name="store-nodes"),
    path("databases/<uuid:pk>/switch-over/", availability.switch_over, name="store-switch-over"),
    path("databases/<uuid:pk>/restart/", availability.restart, name="store-restart"),
    path("databases/<uuid:pk>/replace-node/", availability.replace_node, name="store-replace-node"),
    path("databases/<uuid:pk>/drill/", availability.drill, name="store-drill"),
    path("databases/<uuid:pk>/monthly-drill/", availability.monthly_drill, name="store-monthly-drill"),
    path("databases/<uuid:pk>/settings/", tabs.settings, name="store-settings"),
    path("databases/<uuid:pk>/networks/", networks.edit, name="store-networks"),
    path("databases/<uuid:pk>/networks/save/", networks.save, name="store-networks-save"),
    path("databases/<uuid:pk>/settings/engine/", engine_settings.change, name="store-engine-settings"),
    path("databases/<uuid:pk>/activity/", tabs.activity, name="store-activity"),
    path("databases/<uuid:pk>/ca.pem", secrets.ca, name="store-ca"),
    path("databases/<uuid:pk>/reveal/", secrets.reveal, name="store-reveal"),
    path("databases/<uuid:pk>/reset-password/", controls.reset_password, name="store-reset-password"),
    path("databases/<uuid:pk>/power-off/", controls.power_off, name="store-power-off"),
    path("databases/<uuid:pk>/power-on/", controls.power_on, name="store-power-on"),
    path("databases/<uuid:pk>/protection/", controls.protection, name="store-protection"),
    path("databases/<uuid:pk>/delete/", controls.delete, name="store-delete"),
    path("databases/<uuid:pk>/operations/<uuid:operation>/retry/", controls.retry, name="operation-retry"),
]
