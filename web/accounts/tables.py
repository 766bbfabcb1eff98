"""The list of users: which columns it has, and what they show."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.queries import role_of
from accounts.roles import ROLES
from web.accounts.filters import UserFilters
from web.ages import ago
from web.tables import Column, Table


def users() -> QuerySet[User]:
    """Return users with what the columns sort by. Name order does not care for capitals."""
    roles = Group.objects.filter(user=OuterRef("pk"), name__in=ROLES).values("name")[:1]
    return User.objects.prefetch_related("groups").annotate(
        by_name=Lower("username"), by_role=Subquery(roles)
    )


def user_table(*, now: datetime) -> Table:
    """`now` is what the ages count from."""
    return Table(
        id="users",
        noun=(gettext_lazy("user"), gettext_lazy("users")),
        columns=[
            Column("username", _("User name"), sort="by_name", locked=True, phone="title", url=_page),
            Column("name", _("Full name"), value=lambda user: user.get_full_name(), sort="last_name"),
            Column("email", _("E-mail"), sort="email", default=False),
            Column("role", _("Role"), value=role_of, sort="by_role", phone="status"),
            Column("access", _("May sign in"), value=_access, tone=_access_tone, sort="is_active"),
            Column(
                "last_login",
                _("Last sign-in"),
                text=_ago("last_login", now),
                sort="-last_login",
                phone="pair",
            ),
            Column("date_joined", _("Added"), sort="date_joined", default=False),
        ],
        filterset=UserFilters,
        default_sort="username",
        row_url=_page,
        api="accounts-api-user-list",
    )


def _page(user: User) -> str:
    return reverse("user-detail", args=[user.pk])


def _access(user: User) -> str:
    if not user.is_active:
        return _("no")
    return _("yes") if user.has_usable_password() else _("tokens only")


def _access_tone(user: User) -> str:
    return "" if user.is_active else "bad"


def _ago(name: str, now: datetime) -> Callable[[User], str]:
    return lambda user: ago(getattr(user, name), now=now)
