"""A database that was added to the Marketplace."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Value
from django.utils import timezone

from console.models import Member, Organization, Person
from console.permissions import NotAllowed
from datastores.models import DataStore


class ListingQuerySet(models.QuerySet["Listing"]):
    """The questions that the product asks of listings."""

    def offered(self) -> ListingQuerySet:
        """Those that new connections can choose: not removed, and the data store is there."""
        return self.filter(removed_at=None).exclude(store__state__in=("deleting", "deleted"))

    def for_member(self, member: Member, permission: str) -> ListingQuerySet:
        """Those of the member's organization that are offered; refused (403) where the role lacks ``permission``."""
        if not member.can(permission):
            raise NotAllowed(permission)
        return self.filter(organization_id=member.organization_id).offered()


class Listing(models.Model):
    """One database of one data store, as the Marketplace shows it. Removing keeps the row with what its owner wrote.

    ``words`` holds name, labels and content, the others one of them each. An index per column answers alone, where weights
    in a single one would have every row that it finds read and looked through again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="listings")
    store = models.ForeignKey(DataStore, on_delete=models.PROTECT, related_name="listings")
    database = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, blank=True)
    overview = models.TextField(blank=True, max_length=20_000, help_text="Markdown.")
    labels = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    added_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)
    words = SearchVectorField(null=True, editable=False)
    name_words = SearchVectorField(null=True, editable=False)
    label_words = SearchVectorField(null=True, editable=False)
    content_words = SearchVectorField(null=True, editable=False)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [models.UniqueConstraint(fields=["store", "database"], name="listing_once")]
        indexes = [
            GinIndex(fields=["words"], name="listing_words", fastupdate=False),
            GinIndex(fields=["name_words"], name="listing_name_words", fastupdate=False),
            GinIndex(fields=["label_words"], name="listing_label_words", fastupdate=False),
            GinIndex(fields=["content_words"], name="listing_content_words", fastupdate=False),
            models.Index(fields=["organization", "name"], condition=models.Q(removed_at=None), name="listing_list"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_offered(self) -> bool:
        """Whether new connections can choose it."""
        return self.removed_at is None and self.store.state not in {"deleting", "deleted"}

    def index(self) -> None:
        """Bring the words up to date. The configuration takes them as they are: names and labels are no prose."""
        labels, content = " ".join(self.labels), f"{self.summary} {self.overview}"
        texts = {
            "words": f"{self.name} {labels} {content}",
            "name_words": self.name,
            "label_words": labels,
            "content_words": content,
        }
        vectors = {column: SearchVector(Value(text), config="simple") for column, text in texts.items()}
        Listing.objects.filter(pk=self.pk).update(**vectors)
