"""Accounts at a provider that users sign in by, and rules of what its groups give."""

from django.db import models
from django.db.models import Q

from accounts.models.users import ScopeKind, User
from accounts.roles import ROLES


class GroupRule(models.Model):
    """Members of a group of the provider get a role, at one place or everywhere."""

    HISTORY = True
    HISTORY_TITLE = ("group", "role")
    VISIBLE_WHERE = "true"  # organisation-wide

    group = models.CharField(
        "group", max_length=200, help_text="As the provider writes it, letter by letter."
    )
    role = models.CharField("role", max_length=16, choices=[(name, name) for name in ROLES])
    scope_kind = models.CharField(
        "limited to a",
        max_length=8,
        choices=ScopeKind,
        blank=True,
        help_text="Leave empty for all sites.",
    )
    scope_slug = models.SlugField(
        "its slug", max_length=100, blank=True, help_text="The region or site, as its address names it."
    )

    class Meta:
        ordering = ["group", "role", "id"]
        verbose_name = "group rule"
        verbose_name_plural = "group rules"
        constraints = [
            models.UniqueConstraint(
                fields=["group", "role", "scope_kind", "scope_slug"],
                name="group_rule_once",
                violation_error_message="There is this rule already.",
            ),
            models.CheckConstraint(
                condition=Q(scope_kind="", scope_slug="") | ~Q(scope_kind="") & ~Q(scope_slug=""),
                name="group_rule_place_is_whole",
                violation_error_message="Enter both, region or site and its slug, or neither.",
            ),
        ]

    def __str__(self) -> str:
        place = f" at {self.scope_kind} {self.scope_slug}" if self.scope_kind else ""
        return f"{self.group}: {self.role}{place}"


class ExternalIdentity(models.Model):
    """A user's account at the provider, with the groups that it named at the last sign-in.

    `ended_at` is when the role was taken away because no sign-in renewed it.
    """

    HISTORY = True
    HISTORY_TITLE = ("user", "issuer")
    HISTORY_PERMISSION = "accounts.view_user"
    HISTORY_LEAVES_OUT = ("seen_at",)
    VISIBLE_WHERE = "true"  # organisation-wide

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="identity")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    groups = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        verbose_name = "identity"
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="external_identity_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
