"""The application of the Marketplace, projects and connections."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Databases that are offered to others, and the connections through which they are used."""

    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Put its pages into the navigation, its button beside each database, and say who depends on what."""
        from marketplace import shell

        shell.register()
