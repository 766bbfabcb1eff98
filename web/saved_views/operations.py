"""Save, change and delete saved views."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import SavedView, User
from accounts.operations import NotAllowed
from accounts.queries import scopes_of
from web.saved_views.params import clean_query
from web.saved_views.queries import may_open

# All of them are read with each page.
MOST_OF_USER, MOST_SHARED = 50, 200


@transaction.atomic
def save_view(
    *, table: str, name: str, query: str = "", shared: bool = False, default: bool = False, by: User
) -> SavedView:
    """Raises NotAllowed, and ValidationError for parameters that the list does not know."""
    # Two simultaneous saves could both pass the limit, or both be the default.
    User.objects.select_for_update().get(pk=by.pk)
    if by.saved_views.count() >= MOST_OF_USER:
        raise ValidationError(f"You already have {MOST_OF_USER} views. Delete one first.")
    view = SavedView(owner=by, table=table, name=name, query=query)
    return _kept(view, by=by, shared=shared, default=default)


@transaction.atomic
def change_view(view: SavedView, *, by: User, **changes: Any) -> SavedView:
    """`changes` are new values of `name`, `query`, `shared` and `default`."""
    User.objects.select_for_update().get(pk=view.owner_id)
    if not SavedView.objects.filter(pk=view.pk).exists():
        # Saved all the same, it would be there again.
        raise ValidationError("This view is gone.")
    _refuse_others(view, by, "accounts.change_savedview")
    for field in ("name", "query"):
        setattr(view, field, changes.get(field, getattr(view, field)))
    return _kept(
        view, by=by, shared=changes.get("shared", view.shared), default=changes.get("default", view.default)
    )


def delete_view(view: SavedView, *, by: User) -> None:
    _refuse_others(view, by, "accounts.delete_savedview")
    view.delete()


def _kept(view: SavedView, *, by: User, shared: bool, default: bool) -> SavedView:
    if not may_open(by, view.table):
        raise ValidationError({"table": "There is no such list, or you may not open it."})
    if shared and not view.shared:
        _refuse_sharing(by)
    view.shared, view.default = shared, default
    view.query = clean_query(view.table, view.query)
    if default:
        # Row by row, so that the history records each.
        for other in view.owner.saved_views.filter(table=view.table, default=True).exclude(pk=view.pk):
            other.default = False
            other.save(update_fields=["default"])
    view.full_clean()
    view.save()
    return view


def _refuse_others(view: SavedView, by: User, permission: str) -> None:
    if view.owner_id != by.pk and not (view.shared and by.has_perm(permission)):
        raise NotAllowed("This view is another user's.")


def _refuse_sharing(by: User) -> None:
    if not by.has_perm("accounts.share_savedview"):
        raise NotAllowed("Your role may save views, but not share them.")
    if scopes_of(by):
        raise NotAllowed("Only users who see all sites may share a view.")
    if SavedView.objects.filter(shared=True).count() >= MOST_SHARED:
        raise ValidationError(f"There are already {MOST_SHARED} shared views. Delete one first.")
