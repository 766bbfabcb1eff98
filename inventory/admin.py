"""Django's admin for the inventory: a plain way to repair what the pages do not cover."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest

from inventory.kinds import KINDS
from web.kinds import Kind
from web.kinds.kind import KIND_OF


class InventoryAdmin(admin.ModelAdmin):
    """Typing a name instead of a list of the whole fleet; the total is not counted twice for a filtered list."""

    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return KIND_OF[self.model].rows()


def _options(kind: Kind) -> dict[str, Any]:
    """List the columns of its list that are fields, search and filter as its list does."""
    fields = {field.name: field for field in kind.model._meta.concrete_fields}
    shown = [column.key for column in kind.table.columns if column.key in fields and column.default]
    meta = kind.table.filterset.Meta  # type: ignore[union-attr]
    return {
        "list_display": shown if "name" in shown or "happened_on" in shown else ["__str__", *shown],
        "list_filter": [name for name in meta.panel if name in fields and fields[name].choices],
        "search_fields": meta.search_fields,
        "autocomplete_fields": [
            field.name for field in fields.values() if isinstance(field, ForeignKey) and field.editable
        ],
    }


for each in KINDS:
    admin.site.register(each.model, type(f"{each.model.__name__}Admin", (InventoryAdmin,), _options(each)))
