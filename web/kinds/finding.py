"""Search in the objects of kinds, by the search fields of their lists."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.utils.text import capfirst, slugify

from web import links
from web.kinds.kind import KIND_OF, Kind
from web.search import Hit, RowsProvider


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
        yield Hit(str(obj), links.page_url(obj) or kind.page_of(obj), places)
