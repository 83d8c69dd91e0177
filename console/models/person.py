"""A person who signs in, and the one-time link that lets the first operator in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

SIGN_IN_LIFETIME = timedelta(hours=24)


class PersonManager(BaseUserManager["Person"]):
    """People are made with an e-mail address in lower case."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> Person:
        """Make a person; without a password nobody can sign in with one."""
        person = self.model(email=email.strip().lower(), **extra)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> Person:
        """Make an operator: a person who may enter the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody with an e-mail address; what they may do in an organization stands in their membership."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("operator", default=False, help_text="May enter the admin site.")
    is_active = models.BooleanField("active", default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = PersonManager()

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, or the address where no name is known."""
        return str(self)


class OneTimeSignIn(models.Model):
    """A link that signs one operator in, once, within a day. Only the token's hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="one_time_sign_ins")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"one-time sign-in of {self.person}"

    @staticmethod
    def hash(token: str) -> str:
        """Return the SHA-256 of ``token`` in hex; the token has 256 bits, so no salt is needed."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def make(cls, person: Person) -> str:
        """Make a link for ``person`` and return its token; earlier unused ones end."""
        cls.objects.filter(person=person, used_at=None).delete()
        token = secrets.token_urlsafe(32)
        cls.objects.create(person=person, token_hash=cls.hash(token), expires_at=timezone.now() + SIGN_IN_LIFETIME)
        return token

    @classmethod
    def redeem(cls, token: str) -> Person | None:
        """Return the person if the token is known, unused and fresh, and use it up in the same UPDATE."""
        now = timezone.now()
        unused = cls.objects.filter(token_hash=cls.hash(token), used_at=None, expires_at__gt=now)
        if not unused.filter(person__is_active=True).update(used_at=now):
            return None
        return cls.objects.select_related("person").get(token_hash=cls.hash(token)).person
