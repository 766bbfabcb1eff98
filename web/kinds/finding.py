"""Search in the objects of kinds, by the search fields of their lists."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst, slugify

from web import links
from web.audit import is_audited
from web.audit.registry import label_of, permission_of
from web.kinds.entries import filled_sentence
from web.kinds.kind import KIND_OF, Kind
from web.links import link
from web.search import Hit, HitAction, RowsProvider
from web.visibility import reader


def providers() -> Iterator[RowsProvider]:
    for kind in KIND_OF.values():
        filters = getattr(kind.table.filterset, "Meta", None)
        fields = tuple(getattr(filters, "search_fields", ()))
        names = str(kind.model._meta.verbose_name_plural)
        if fields and kind.search_order is not None:
            yield RowsProvider(
                name=slugify(names),
                label=capfirst(names),
                icon=kind.icon or "list",
                permissions=kind.permissions("view"),
                order=kind.search_order,
                rows=kind.rows,
                searched=kind.model._default_manager.all,
                title=fields[0],
                others=fields[1:],
                hits=partial(_hits, kind),
            )


def _hits(kind: Kind, rows: Sequence[Any]) -> Iterator[Hit]:
    for obj in rows:
        places = " · ".join(str(each) for each in kind.above(obj) if each is not None)
        url = links.page_url(obj) or kind.page_of(obj)
        yield Hit(str(obj), url, places, actions=tuple(_actions(kind, obj)))


def _actions(kind: Kind, obj: Any) -> Iterator[HitAction]:
    """The forms of the object that the reader may use, and its history."""
    user = reader()
    if url := kind.url_if(user, "edit", obj):
        yield HitAction("Change", url, "edit")
    for entry in kind.entries:
        may = (
            entry.on_object
            and entry.form is not None
            and user is not None
            and user.has_perms(entry.permissions)
        )
        if may and entry.when(obj, user):
            address = reverse(entry.url_name, args=[getattr(obj, kind.key)])
            yield HitAction(filled_sentence(entry.heading, obj), address, entry.icon)
    if is_audited(kind.model) and user is not None and user.has_perm(permission_of(kind.model)):
        yield HitAction("History", link("history", model=label_of(kind.model), id=obj.pk), "history")
