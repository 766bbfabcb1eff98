"""Stores a user's table settings: the columns of each table, and the density. Columns in an address take precedence."""

import re
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import User
from web.permissions import signed_in
from web.requests import UserRequest
from web.tables.addresses import COLUMNS

KEPT = "columns"
DENSITIES = {"comfortable": "Comfortable", "compact": "Compact"}
KEY = re.compile(r"[\w.-]{1,60}", re.ASCII)
MOST_COLUMNS, MOST_TABLES = 60, 200


def kept_columns(user: Any, table_id: str) -> list[str]:
    kept = getattr(user, "preferences", {}).get(KEPT)
    return kept.get(table_id, []) if isinstance(kept, dict) else []


def density_of(user: Any) -> str:
    chosen = getattr(user, "preferences", {}).get("density")
    return chosen if chosen in DENSITIES else "comfortable"


@require_POST
@never_cache
@signed_in
def keep_display(request: UserRequest, table_id: str) -> HttpResponse:
    """Leads back to the list; an address with columns keeps naming them."""
    asked = request.POST
    address = asked.get("reset", asked.get("next", ""))
    if not (address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)):
        address = "/"
    columns = [key for key in dict.fromkeys(asked.getlist(COLUMNS)) if KEY.fullmatch(key)][:MOST_COLUMNS]
    if "reset" in asked:
        _keep(request.user, table_id, [], "")
        return redirect(address)
    is_changed = set(columns) != set(asked.get("shown", "").split(","))
    _keep(request.user, table_id, columns if is_changed else None, asked.get("density", ""))
    if not is_changed and "pinned" not in asked:
        return redirect(address)
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode({COLUMNS: ','.join(columns)})}")


@transaction.atomic
def _keep(user: User, table_id: str, columns: list[str] | None, density: str) -> None:
    """An empty list restores the default columns; None keeps the present ones."""
    kept = User.objects.select_for_update().get(pk=user.pk)
    by_table = kept.preferences.get(KEPT)
    by_table = dict(by_table) if isinstance(by_table, dict) else {}
    if columns is not None:
        by_table.pop(table_id, None)
        if columns and len(by_table) < MOST_TABLES:
            by_table[table_id] = columns
    before = kept.preferences
    kept.preferences = before | {KEPT: by_table} | ({"density": density} if density in DENSITIES else {})
    if kept.preferences != before:
        kept.save(update_fields=["preferences"])
