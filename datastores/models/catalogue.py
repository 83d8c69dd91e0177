"""What can be chosen: clouds, regions, service plans and prices; and the sites that regions stand for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.utils import timezone

from datastores.limits import PlanFacts
from datastores.models.metering import PriceChange
from datastores.plan_changes import Size

HOURS_PER_MONTH = 730  # a month on every page (FEATURES: "a month is shown as 730 hours")


class Site(models.Model):
    """Where nodes really run."""

    class Kind(models.TextChoices):
        LOCAL = "local", "this machine"
        KUBERNETES = "kubernetes", "a Kubernetes cluster"

    class Sizing(models.TextChoices):
        DEVELOPMENT = "development", "development: small buffers, exact limits"
        FULL = "full", "full: memory as the plan says"

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind)
    sizing = models.CharField(max_length=20, choices=Sizing, default=Sizing.DEVELOPMENT)
    enabled = models.BooleanField(default=True, help_text="New data stores may be placed here.")
    ram_mib = models.PositiveIntegerField(
        "RAM in MiB",
        null=True,
        blank=True,
        help_text="What data stores may take in full sizing; empty: what is measured.",
    )
    storage_gib = models.PositiveIntegerField(
        "storage in GiB",
        null=True,
        blank=True,
        help_text="What data stores may take in full sizing; empty: what is measured.",
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Cloud(models.Model):
    """A cloud provider that a person picks."""

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A region as its cloud names it; an operator maps it to a site."""

    class Area(models.TextChoices):
        US = "us", "United States"
        EU = "eu", "European Union"

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="regions")
    code = models.CharField(max_length=40, help_text="As the cloud writes it, such as eu-central-1.")
    name = models.CharField(max_length=60, help_text="As people say it, such as Frankfurt.")
    area = models.CharField(max_length=2, choices=Area)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="regions")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("cloud", "area", "code")
        constraints = [models.UniqueConstraint(fields=["cloud", "code"], name="region_once")]

    def __str__(self) -> str:
        return f"{self.cloud} {self.code}"


class ServicePlan(models.Model):
    """Size and node count. Limits and histories follow from family and RAM (``datastores.limits``)."""

    class Family(models.TextChoices):
        HOBBYIST = "hobbyist", "Hobbyist"
        STARTUP = "startup", "Startup"
        BUSINESS = "business", "Business"
        PREMIUM = "premium", "Premium"

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=20)
    family = models.CharField(max_length=10, choices=Family)
    node_count = models.PositiveSmallIntegerField()
    ram_gib = models.PositiveSmallIntegerField("RAM in GiB", validators=[MinValueValidator(1)])
    vcpu = models.PositiveSmallIntegerField("vCPU")
    storage_gib = models.PositiveIntegerField("storage in GiB")
    position = models.PositiveSmallIntegerField(default=0)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name

    def facts(self) -> PlanFacts:
        """Return the part of the plan from which its limits follow."""
        return PlanFacts(self.family, self.ram_gib, self.node_count)

    def size(self) -> Size:
        """Return the part of the plan that decides how a data store moves to it."""
        return Size(self.node_count, self.ram_gib, self.storage_gib)


class PlanPriceQuerySet(models.QuerySet["PlanPrice"]):
    """Prices whose every change is kept."""

    def update(self, **changes: Any) -> int:
        """Change rows, and keep what they cost until now."""
        with transaction.atomic():
            mine = list(self.values_list("pk", flat=True))
            changed = super().update(**changes)
            for price in PlanPrice.objects.filter(pk__in=mine):
                price.keep_history()
        return changed


class PlanPrice(models.Model):
    """What a plan costs on a cloud, per hour, in US dollars."""

    plan = models.ForeignKey(ServicePlan, on_delete=models.CASCADE, related_name="prices")
    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="prices")
    hourly = models.DecimalField(
        "USD per hour", max_digits=9, decimal_places=4, validators=[MinValueValidator(Decimal(0))]
    )

    objects = PlanPriceQuerySet.as_manager()

    class Meta:
        ordering = ("plan", "cloud")
        constraints = [models.UniqueConstraint(fields=["plan", "cloud"], name="price_once")]

    def __str__(self) -> str:
        return f"{self.plan} on {self.cloud}: {self.hourly} USD per hour"

    def save(self, *args: Any, **options: Any) -> None:
        """Save, and keep what it cost until now: a new price applies from now on only."""
        with transaction.atomic():
            super().save(*args, **options)
            self.keep_history()

    def keep_history(self) -> None:
        """Add a line to the price's history, unless the last one says the same."""
        last = PriceChange.objects.filter(plan_id=self.plan_id, cloud_id=self.cloud_id).last()
        if last is None or last.hourly != self.hourly:
            PriceChange.objects.create(
                plan_id=self.plan_id, cloud_id=self.cloud_id, hourly=self.hourly, since=timezone.now()
            )

    @property
    def monthly(self) -> Decimal:
        """The price of 730 hours, in cents."""
        return (self.hourly * HOURS_PER_MONTH).quantize(Decimal("0.01"))
