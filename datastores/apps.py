"""The application of data stores: what they are, how they come to be, where they run."""

from django.apps import AppConfig


class DatastoresConfig(AppConfig):
    """Data stores, their operations, engines and sites."""

    name = "datastores"
    verbose_name = "Data stores"

    def ready(self) -> None:
        """Make every site's procedures known to the runner, and the pages to the console's shell."""
        from console.tiers import tier_changed
        from datastores import shell
        from datastores.actions import trials
        from datastores.sites import registry  # noqa: F401

        shell.register()
        tier_changed.connect(trials.upgrade, dispatch_uid="trials-upgrade")
