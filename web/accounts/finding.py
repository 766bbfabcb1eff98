"""How search finds users."""

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from web import search


def register() -> None:
    search.register("users", "Users", find_users, permission="accounts.view_user", order=900)


def find_users(query: str, *, user: User, limit: int) -> list[search.Hit]:
    """Find users by user name, full name and e-mail."""
    named = (
        Q(username__icontains=query)
        | Q(first_name__icontains=query)
        | Q(last_name__icontains=query)
        | Q(email__icontains=query)
    )
    matches = User.objects.filter(named).order_by("username")[:limit]
    return [
        search.Hit(
            title=each.username,
            url=reverse("user-detail", args=[each.pk]),
            detail=each.get_full_name(),
            kind="" if each.is_active else "deactivated",
        )
        for each in matches
    ]
