"""The list of users and its columns."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import User
from accounts.queries import role_of
from accounts.roles import ROLES
from web.accounts.filters import UserFilters
from web.ages import ago
from web.tables import Column, Table


def users() -> QuerySet[User]:
    """Return users with their sort columns. The order of names ignores case."""
    roles = Group.objects.filter(user=OuterRef("pk"), name__in=ROLES).values("name")[:1]
    users = User.objects.select_related("owner").prefetch_related("groups")
    return users.annotate(by_name=Lower("username"), by_role=Subquery(roles))


def user_table(*, now: datetime) -> Table:
    """Ages are relative to `now`."""
    return Table(
        id="users",
        noun=("user", "users"),
        columns=[
            Column("username", "User name", sort="by_name", locked=True, phone="title", url=_page),
            Column("name", "Full name", value=lambda user: user.get_full_name(), sort="last_name"),
            Column("email", "E-mail", sort="email", default=False),
            Column("role", "Role", value=role_of, sort="by_role", phone="status"),
            Column("kind", "Kind", sort="kind", default=False),
            Column("owner", "Owner", text=owner_words, tone=_owner_tone, sort="owner__username"),
            Column("purpose", "Purpose", sort="purpose", default=False),
            Column("access", "May sign in", value=_access, tone=_access_tone, sort="is_active"),
            Column("last_login", "Last sign-in", text=_ago("last_login", now), sort="-last_login",
                   phone="pair"),
            Column("date_joined", "Added", sort="date_joined", default=False),
        ],
        filterset=UserFilters,
        default_sort="username",
        row_url=_page,
        api="accounts-api-user-list",
    )  # fmt: skip


def _page(user: User) -> str:
    return reverse("user-detail", args=[user.pk])


def _access(user: User) -> str:
    if not user.is_active:
        return "no"
    if user.is_service:
        return "tokens only"
    return "yes" if user.has_usable_password() else "by the provider"


def owner_words(user: User) -> str:
    if not user.is_service:
        return ""
    if user.owner is None:
        return "no owner"
    return str(user.owner) if user.owner.is_active else f"{user.owner} (deactivated)"


def _owner_tone(user: User) -> str:
    return "warn" if user.is_unowned else ""


def _access_tone(user: User) -> str:
    return "" if user.is_active else "bad"


def _ago(name: str, now: datetime) -> Callable[[User], str]:
    return lambda user: ago(getattr(user, name), now=now)
