"""The views of a reader, and the views for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.queries import views_kept
from web.saved_views.params import LEFT_OUT, permissions_of
from web.tables.addresses import SAVED, VIEW


@dataclass(frozen=True, slots=True)
class View:
    id: int
    table: str
    name: str
    query: str
    shared: bool
    default: bool
    owner_id: int

    @property
    def url(self) -> str:
        return f"{reverse(self.table)}?{self.query}{'&' if self.query else ''}{SAVED}={self.id}"


def may_open(user: Any, table: str) -> bool:
    permissions = permissions_of(table)
    return permissions is not None and user.has_perms(permissions)


def views_of(user: Any) -> list[View]:
    """The user's own views and the shared ones, for lists that the user may open."""
    views = [View(**row) for row in views_kept(user)]
    tables = {table for table in {view.table for view in views} if may_open(user, table)}
    return [view for view in views if view.table in tables]


def default_of(user: Any, views: list[View]) -> View | None:
    """Your own default takes precedence over a shared one."""
    defaults = [view for view in views if view.default]
    return min(defaults, key=lambda view: view.owner_id != user.pk, default=None)


class SavedViews:
    """Data about views for templates, computed on demand."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def every(self) -> list[View]:
        return views_of(self.request.user) if self.request.user.is_authenticated else []

    @cached_property
    def table(self) -> str:
        """The url name of this page, "" if views of it cannot be saved."""
        match = self.request.resolver_match
        if match is None or match.kwargs or match.args or not match.url_name:
            return ""
        return match.url_name if permissions_of(match.url_name) else ""

    @cached_property
    def here(self) -> list[View]:
        return [view for view in self.every if view.table == self.table]

    @cached_property
    def current(self) -> View | None:
        return self._named(self.request.GET.get(SAVED, ""))

    @cached_property
    def default(self) -> View | None:
        return default_of(self.request.user, self.here)

    @property
    def may_change(self) -> bool:
        view, user = self.current, self.request.user
        return view is not None and (view.owner_id == user.pk or user.has_perm("accounts.change_savedview"))

    @property
    def may_share(self) -> bool:
        return self.request.user.has_perm("accounts.share_savedview")

    @property
    def query(self) -> str:
        parameters = QueryDict(mutable=True)
        for name, values in self.request.GET.lists():
            if name not in LEFT_OUT and any(values):
                parameters.setlist(name, [value for value in values if value])
        return parameters.urlencode()

    def wanted_address(self, parameters: Mapping[str, Any]) -> str:
        """The address to redirect to: that of the named view, or of the default if the address has no query."""
        view = self._named(parameters.get(VIEW, "")) if parameters else self.default
        if view is None:
            return ""
        other_parameters = QueryDict(mutable=True)
        other_parameters.update(
            {name: value for name, value in parameters.items() if name not in {VIEW, SAVED}}
        )
        return f"{view.url}&{other_parameters.urlencode()}" if other_parameters else view.url

    def _named(self, text: str) -> View | None:
        return next((view for view in self.here if str(view.id) == text), None)
