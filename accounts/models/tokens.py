"""Tokens of programs."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models.users import WRITER, User


class TokenQuerySet(models.QuerySet["Token"]):
    def usable(self, now) -> "TokenQuerySet":
        """Enabled tokens that have not expired; a user's token works only while the user is active."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            Q(user__isnull=True) | Q(user__is_active=True),
            enabled=True,
        )


class Token(models.Model):
    """A key for programs: shown once, stored as a digest. It acts for its user.

    An `ingest` token has no user: it belongs to one source, and only sends its telemetry.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("digest", "is_keyed", "last_used_at", "reminded_days")
    VISIBLE_WHERE = "true"  # organisation-wide
    # One's own, and that of a source, which is made before its source.
    WRITABLE_WHERE = f"""accounts_token.user_id = {WRITER} OR accounts_token.user_id IS NULL
        AND (accounts_token.created_by_id = {WRITER}
            OR EXISTS (SELECT FROM telemetry_source AS source
                WHERE source.token_id = accounts_token.id AND source.site_id IS NOT NULL))"""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"
        INGEST = "ingest", "Ingest for one source"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens", null=True, blank=True)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    # Hashed with a signing key, as earlier releases did; the next use of the token hashes it without one.
    is_keyed = models.BooleanField(default=False, editable=False)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.READ)
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, related_name="successors", null=True, blank=True, editable=False
    )
    # Rounded to the minute, so that a busy token causes at most one write a minute.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The last reminder of its end left when it had this many days at most.
    reminded_days = models.PositiveSmallIntegerField(null=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="token_expires_after_creation",
                violation_error_message="The token would have expired already.",
            ),
            models.CheckConstraint(
                condition=Q(scope="ingest", user=None) | (~Q(scope="ingest") & Q(user__isnull=False)),
                name="token_of_user_or_source",
                violation_error_message="A token for telemetry is made with its source.",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(enabled=True),
                name="token_replaced_once",
                violation_error_message="The token was replaced already. Replace its successor, or revoke that first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
