"""The words for actions of the audit trail: what a page writes between who did it and what it was done to.

An application above the console adds its own in its ``AppConfig.ready``::

    wording.register({"store.created": "created the data store"})
"""

from __future__ import annotations

_words: dict[str, str] = {
    "person.signed_up": "signed up",
    "person.signed_in": "signed in",
    "person.signed_out": "signed out",
    "person.sign_in_failed": "did not get in: wrong password for",
    "person.renamed": "changed their name",
    "person.password_set": "set a password",
    "person.password_changed": "changed their password",
    "person.password_reset": "reset their password by e-mail",
    "person.email_added": "added an e-mail address",
    "person.email_changed": "changed their e-mail address",
    "person.email_confirmed": "confirmed an e-mail address",
    "person.email_removed": "removed an e-mail address",
    "person.factor_added": "added a second factor",
    "person.factor_removed": "removed a second factor",
    "person.factor_failed": "did not get in: wrong second factor for",
    "person.recovery_codes_made": "made new recovery codes",
    "person.connection_added": "connected an identity provider",
    "person.connection_removed": "disconnected an identity provider",
    "person.sessions_ended": "signed out everywhere else",
    "operator.second_factor_reset": "had the second factor reset of",
    "organization.created": "created the organization",
    "organization.changed": "changed the organization",
    "organization.upgrade_asked": "asked for the paid tier for",
    "organization.tier_changed": "changed the tier of",
    "environment.created": "added the environment",
    "environment.changed": "changed the environment",
    "organization.deleted": "deleted the organization",
    "member.invited": "invited",
    "member.invitation_revoked": "took back the invitation of",
    "member.joined": "joined the organization",
    "member.left": "left the organization",
    "member.removed": "removed the member",
    "member.role_changed": "changed the role of",
    "environment.deleted": "deleted an environment",
    "member.mail_chosen": "chose what is mailed to them",
    "webhook.added": "added the webhook",
    "webhook.changed": "changed the webhook",
    "webhook.removed": "removed the webhook",
    "webhook.tested": "sent a test to the webhook",
    "webhook.secret_revealed": "revealed the signing secret of the webhook",
    "operator.link_made": "made a one-time sign-in link for",
    "operator.signed_in": "signed in with a one-time link",
    "operator.added": "added in the admin site:",
    "operator.changed": "changed in the admin site:",
    "operator.deleted": "deleted in the admin site:",
}


def register(words: dict[str, str]) -> None:
    """Add words by action, such as ``{"store.created": "created the data store"}``."""
    _words.update(words)


def words(action: str) -> str:
    """Return an action in words; one that nobody registered is taken apart as it is."""
    return _words.get(action) or action.replace(".", " ").replace("_", " ")


def choices() -> list[tuple[str, str]]:
    """Return (action, words) of every registered action, for filters."""
    return sorted(_words.items(), key=lambda item: item[0])
