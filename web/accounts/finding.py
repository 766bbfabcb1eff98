"""Search for users."""

from collections.abc import Iterable, Iterator

from django.urls import reverse

from accounts.models import User
from web import search


def register() -> None:
    search.register_rows(
        "users",
        "Users",
        User.objects.all,
        title="username",
        others=("first_name", "last_name", "email"),
        permissions=("accounts.view_user",),
        icon="user",
        order=900,
        hits=_hits,
    )


def _hits(users: Iterable[User]) -> Iterator[search.Hit]:
    for user in users:
        kind = "" if user.is_active else "deactivated"
        yield search.Hit(user.username, reverse("user-detail", args=[user.pk]), user.get_full_name(), kind)
