"""Number of rows in saved views, for the side bar: only lists of kinds, whose rows follow from the address."""

from collections.abc import Sequence

from django.db.models import Count, F, IntegerField, QuerySet, Value
from django.http import QueryDict

from web.kinds.kind import KIND_OF
from web.saved_views.queries import View
from web.tables.filtering import narrowed


def rows_in(views: Sequence[View]) -> dict[int, int]:
    """Return the number of rows by view; one statement."""
    kinds = {kind.url_name("list"): kind for kind in KIND_OF.values() if kind.table.filterset is not None}
    parts: list[QuerySet] = []
    for view in views:
        if (kind := kinds.get(view.table)) is not None and kind.table.filterset is not None:
            rows = narrowed(kind.table.filterset, kind.rows(), QueryDict(view.query))
            among = kind.model._base_manager.filter(pk__in=rows.order_by().values("pk")).order_by()
            view_rows = among.annotate(view=Value(view.id, output_field=IntegerField())).values("view")
            parts.append(view_rows.annotate(number=Count(F("pk"))).values_list("view", "number"))
    return dict(parts[0].union(*parts[1:], all=True).order_by()) if parts else {}
