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
    columns_by_table = getattr(user, "preferences", {}).get(KEPT)
    return columns_by_table.get(table_id, []) if isinstance(columns_by_table, dict) else []


def density_of(user: Any) -> str:
    density = getattr(user, "preferences", {}).get("density")
    return density if density in DENSITIES else "comfortable"


@require_POST
@never_cache
@signed_in
def keep_display(request: UserRequest, table_id: str) -> HttpResponse:
    """Leads back to the list; an address with columns keeps naming them."""
    parameters = request.POST
    address = parameters.get("reset", parameters.get("next", ""))
    if not (address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)):
        address = "/"
    columns = [key for key in dict.fromkeys(parameters.getlist(COLUMNS)) if KEY.fullmatch(key)][:MOST_COLUMNS]
    if "reset" in parameters:
        _keep(request.user, table_id, [], "")
        return redirect(address)
    is_changed = set(columns) != set(parameters.get("shown", "").split(","))
    _keep(request.user, table_id, columns if is_changed else None, parameters.get("density", ""))
    if not is_changed and "pinned" not in parameters:
        return redirect(address)
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode({COLUMNS: ','.join(columns)})}")


@transaction.atomic
def _keep(user: User, table_id: str, columns: list[str] | None, density: str) -> None:
    """An empty list restores the default columns; None keeps the present ones."""
    locked_user = User.objects.select_for_update().get(pk=user.pk)
    by_table = locked_user.preferences.get(KEPT)
    by_table = dict(by_table) if isinstance(by_table, dict) else {}
    if columns is not None:
        by_table.pop(table_id, None)
        if columns and len(by_table) < MOST_TABLES:
            by_table[table_id] = columns
    before = locked_user.preferences
    locked_user.preferences = (
        before | {KEPT: by_table} | ({"density": density} if density in DENSITIES else {})
    )
    if locked_user.preferences != before:
        locked_user.save(update_fields=["preferences"])
