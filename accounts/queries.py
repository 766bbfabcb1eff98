"""Queries about people and their rights."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast, Concat, JSONObject

from accounts.models import AccessScope, SavedView, User
from accounts.roles import ROLES

_BETWEEN = ":"


def role_of(user: User) -> str:
    """The user's role, "" without one. Free of statements once `groups` are prefetched."""
    held = {group.name for group in user.groups.all()}
    # Given by hand, several: the one that may do most, which is the last.
    return next((role for role in reversed(ROLES) if role in held), "")


def slugs_of_scopes(user: Any) -> ArraySubquery:
    """An annotation `scope_slugs` for whatever leads to a user: an expression for the user's key."""
    scopes = AccessScope.objects.filter(user=user).order_by("kind", "slug")
    text = TextField()
    parts = Cast("kind", text), Value(_BETWEEN, output_field=text), Cast("slug", text)
    return ArraySubquery(scopes.values_list(Concat(*parts)))


def scopes_of(user: Any) -> tuple[tuple[str, str], ...]:
    """Return pairs of kind and slug; empty: the user sees all sites. No statement where `scope_slugs` is known."""
    if not getattr(user, "pk", None):
        return ()
    slugs = getattr(user, "scope_slugs", None)
    if slugs is None:
        slugs = User.objects.filter(pk=user.pk).values_list(slugs_of_scopes(user.pk), flat=True).get()
    return tuple((kind, slug) for kind, _, slug in (each.partition(_BETWEEN) for each in slugs))


VIEW_FIELDS = ("id", "table", "name", "query", "shared", "default", "owner_id")


def rows_of_views(user: Any) -> ArraySubquery:
    """An annotation `view_rows` for whatever leads to a user: their own views and all that are shared."""
    views = SavedView.objects.filter(Q(owner=user) | Q(shared=True)).order_by("name", "pk")
    return ArraySubquery(views.values_list(JSONObject(**dict(zip(VIEW_FIELDS, VIEW_FIELDS, strict=True)))))


def views_kept(user: Any) -> list[dict[str, Any]]:
    """Return the user's views and, if the user sees all sites, the shared ones, by name.

    No statement where `view_rows` is known.
    """
    rows = getattr(user, "view_rows", None)
    if rows is None:
        rows = User.objects.filter(pk=user.pk).values_list(rows_of_views(user.pk), flat=True).get()
    return [row for row in rows if not (row["shared"] and scopes_of(user))]
