"""Sessions, and links that open one."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from accounts.models.users import User

SIGNING_OUT = "muster.signing_out"
"""The setting under which a session ends because its own browser leaves it."""


class Session(AbstractBaseSession):
    """A session of a browser. It has no user before somebody has signed in.

    `accounts/sessions.py` writes the columns from what the session holds; `seen_at` is the last use, some minutes
    coarse.
    """

    # Whoever signs in or out writes them, whatever the scope; the operations decide whose.
    VISIBLE_WHERE = "true"
    WRITABLE_WHERE = "true"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", null=True)
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=300, blank=True)

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, began_at=None, seen_at=None)
                | Q(user__isnull=False, began_at__isnull=False, seen_at__isnull=False),
                name="session_of_user_is_whole",
            )
        ]


class SignInLink(models.Model):
    """A one-time link: it makes the first administrator of a new installation, signs its user in, or lets its user
    choose a new password."""

    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        FIRST_ADMIN = "first-admin", "Makes the first administrator"
        SIGN_IN = "sign-in", "Signs in"
        PASSWORD = "password", "Sets a password"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.FIRST_ADMIN)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="first-admin", user=None)
                | Q(kind__in=["sign-in", "password"], user__isnull=False),
                name="sign_in_link_leads_somewhere",
            )
        ]

    def __str__(self) -> str:
        return f"sign-in link of {self.created_at:%-d %b %Y %H:%M} UTC"
