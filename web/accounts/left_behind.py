"""The kinds of rows in accounts, channels and views that belong on the list of a leaver."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import NoReverseMatch

from accounts.models import SavedView, Token, User
from web import leaving, links
from web.delivery.models import Channel


def register() -> None:
    leaving.register(
        "service-accounts",
        "Service accounts",
        leaving.AfterLeaving.GOES_ON,
        _service_accounts,
        permission="accounts.view_user",
    )
    leaving.register(
        "tokens",
        "Tokens of service accounts",
        leaving.AfterLeaving.SECRET_SEEN,
        _tokens,
        permission="accounts.view_user",
        page=lambda token: f"{links.link('user-detail', token.user_id)}#token-{token.pk}",
    )
    leaving.register(
        "channels", "Shared channels", leaving.AfterLeaving.GOES_ON, _channels, permission="web.view_channel"
    )
    leaving.register(
        "views",
        "Shared views of lists",
        leaving.AfterLeaving.GOES_ON,
        _views,
        permission="accounts.view_savedview",
        page=_page_of_view,
    )


def _service_accounts(person: User, *, now: datetime) -> QuerySet[User]:
    return User.objects.filter(owner=person, is_active=True).order_by("username")


def _tokens(person: User, *, now: datetime) -> QuerySet[Token]:
    """Tokens that this person made for others, and so has seen."""
    tokens = Token.objects.usable(now).filter(created_by=person, user__isnull=False)
    return tokens.exclude(user=person).order_by("pk")


def _channels(person: User, *, now: datetime) -> QuerySet[Channel]:
    return Channel.objects.filter(owner=person, is_shared=True, disabled_at=None).order_by("name", "pk")


def _views(person: User, *, now: datetime) -> QuerySet[SavedView]:
    return SavedView.objects.filter(owner=person, shared=True).order_by("name", "pk")


def _page_of_view(view: SavedView) -> str | None:
    try:
        return f"{links.link(view.table)}?{view.query}"
    except NoReverseMatch:
        # Its list was in an earlier version.
        return None
