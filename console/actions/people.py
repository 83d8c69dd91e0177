"""What a person can change about themselves beside their password and address, which allauth keeps."""

from __future__ import annotations

from django.db import transaction

from console import audit
from console.audit import Actor
from console.models import Organization, Person


@transaction.atomic
def change_name(*, actor: Actor, person: Person, organization: Organization | None, name: str) -> bool:
    """Change how pages name a person. Returns whether anything changed."""
    if name == Person.objects.values_list("name", flat=True).get(pk=person.pk):
        return False
    Person.objects.filter(pk=person.pk).update(name=name)
    person.name = name
    audit.record("person.renamed", actor=actor, organization=organization, subject=person)
    return True
