"""Queries about people and their rights."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat, JSONObject

from accounts.models import AccessScope, SavedView, User
from accounts.roles import ROLES

_BETWEEN = ":"


def find_account(username: str) -> User | None:
    """The account of a name as it was typed, read in the way in which the form of the sign-in reads it."""
    name = User.normalize_username(username.strip())
    return None if "\0" in name else User.objects.filter(username=name).first()


def role_of(user: User) -> str:
    """The user's role, "" without one. Takes no statement if `groups` are prefetched."""
    names = {group.name for group in user.groups.all()}
    # Several roles can only be set by hand; the last one has the most permissions.
    return next((role for role in reversed(ROLES) if role in names), "")


def names_of_permissions(user: Any) -> ArraySubquery:
    """An annotation `permission_names` for querysets with a path to a user: permissions of the user and their
    groups."""
    own = User.user_permissions.through.objects.filter(user=OuterRef(user)).values("permission")
    of_groups = Group.permissions.through.objects.filter(group__user=OuterRef(user)).values("permission")
    permissions = Permission.objects.filter(Q(pk__in=own) | Q(pk__in=of_groups)).order_by()
    return ArraySubquery(permissions.values_list(Concat("content_type__app_label", Value("."), "codename")))


def slugs_of_scopes(user: Any) -> ArraySubquery:
    """An annotation `scope_slugs` for querysets with a path to a user, given the user's key."""
    scopes = AccessScope.objects.filter(user=user).order_by("kind", "slug")
    text = TextField()
    parts = Cast("kind", text), Value(_BETWEEN, output_field=text), Cast("slug", text)
    return ArraySubquery(scopes.values_list(Concat(*parts)))


def scopes_of(user: Any) -> tuple[tuple[str, str], ...]:
    """Return pairs of kind and slug; empty if the user sees all sites. No statement if `scope_slugs` is annotated."""
    if not getattr(user, "pk", None):
        return ()
    slugs = getattr(user, "scope_slugs", None)
    if slugs is None:
        slugs = User.objects.filter(pk=user.pk).values_list(slugs_of_scopes(user.pk), flat=True).get()
    return tuple((kind, slug) for kind, _, slug in (each.partition(_BETWEEN) for each in slugs))


VIEW_FIELDS = ("id", "table", "name", "query", "shared", "default", "owner_id")


def rows_of_views(user: Any) -> ArraySubquery:
    """An annotation `view_rows` for querysets with a path to a user: the user's views and all shared ones."""
    views = SavedView.objects.filter(Q(owner=user) | Q(shared=True)).order_by("name", "pk")
    return ArraySubquery(views.values_list(JSONObject(**dict(zip(VIEW_FIELDS, VIEW_FIELDS, strict=True)))))


def views_kept(user: Any) -> list[dict[str, Any]]:
    """Return the user's views and, if the user sees all sites, the shared ones, by name.

    No statement if `view_rows` is annotated.
    """
    rows = getattr(user, "view_rows", None)
    if rows is None:
        rows = User.objects.filter(pk=user.pk).values_list(rows_of_views(user.pk), flat=True).get()
    return [row for row in rows if not (row["shared"] and scopes_of(user))]
