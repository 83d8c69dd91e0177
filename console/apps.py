"""The application of people, tenancy and the shell of the site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AppConfig):
    """People, organizations and what every page shares."""

    name = "console"
    verbose_name = "People and organizations"

    def ready(self) -> None:
        """Listen to sign-ins and put the console's own pages into the navigation."""
        from console import shell, signals

        signals.connect()
        shell.register()


class OperatorSiteConfig(AdminConfig):
    """Django's admin with the operators' own site."""

    default_site = "console.operators.OperatorSite"
