"""Take entries back: a changed row gets its values from before, a deleted one is made again, a created one deleted.

Which models are restored, and with which permissions, follows from the pages of their kinds (`web/kinds`), because
what a form may write may also be written back. Rooms whose steps write more than a form register rules of their own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, router, transaction
from django.db.models import CASCADE, Model, ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from psycopg.types.json import Jsonb

from accounts.models import User
from web.audit import AuditEntry, audited_models, is_audited
from web.audit.registry import left_out
from web.history.snapshots import contents_of
from web.outside import refuse_outside
from web.permissions import MissingPermission

MOST = 1_000
"""Number of entries of one write that are taken back together."""
CHANGED, CREATED, DELETED = AuditEntry.Action.CHANGED, AuditEntry.Action.CREATED, AuditEntry.Action.DELETED

_UPDATE = """
UPDATE {table} AS present SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %(before)s))
WHERE id = %(id)s AND {same}
"""
_INSERT = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %(before)s)"
)
# The row as the entry left it: what was changed since is not overwritten.
_SAME = """
NOT EXISTS (
    SELECT FROM jsonb_each(%(after)s::jsonb) AS written
    WHERE to_jsonb(present) -> written.key IS DISTINCT FROM written.value
)
"""


class NotRestored(Exception):
    """The message says why nothing was restored."""


@dataclass(frozen=True, slots=True)
class RestoreRule:
    """The permissions that taking back an entry needs, by its action; `fields` are those that a form may write.

    Where only fields of `progress` changed, `may_progress` alone is enough. What is `own` only its writer takes back,
    with all else that the same request wrote.
    """

    permissions: Mapping[str, tuple[str, ...]]
    fields: Collection[str]
    list_url: Callable[[], str]
    progress: Collection[str] = ()
    may_progress: str = ""
    own: bool = False

    def needed(self, action: str, fields: Collection[str]) -> tuple[str, ...]:
        is_progress = action == CHANGED and self.may_progress and set(fields) <= set(self.progress)
        return (self.may_progress,) if is_progress else self.permissions[action]


_rules: dict[type[Model], RestoreRule] = {}


def register(model: type[Model], rule: RestoreRule) -> None:
    _rules[model] = rule


def rule_of(model: type[Model]) -> RestoreRule | None:
    return _rules.get(model)


def may_restore(model: type[Model], action: str, fields: Collection[str], user: Any) -> bool:
    """Whether this user may take back such an entry, which wrote these fields, unless its row changed since."""
    rule = _rules.get(model)
    if rule is None or not _is_covered(model, action, fields):
        return False
    return bool(user is not None and user.has_perms(rule.needed(action, fields)))


def own_tables() -> list[str]:
    """Tables whose entries only their writers take back."""
    return [model._meta.db_table for model, rule in _rules.items() if rule.own]


def _is_covered(model: type[Model], action: str, fields: Collection[str]) -> bool:
    rule = _rules.get(model)
    if rule is None or action not in rule.permissions:
        return False
    if action == CHANGED:
        return set(fields) <= set(rule.fields)
    return action == CREATED or not _lost_with(model)


def _lost_with(model: type[Model]) -> bool:
    """Whether a deletion loses what the history does not have: secret columns, or rows that it does not record."""
    if left_out(model) or model._meta.many_to_many:
        return True
    return any(
        getattr(relation, "on_delete", None) is CASCADE and not is_audited(relation.related_model)
        for relation in model._meta.related_objects
    )


def restore(entries: Sequence[AuditEntry], *, by: User) -> list[str]:
    """Take the entries back, the newest first, all or none; return the names of the rows.

    Raises NotRestored, MissingPermission, and OutsideScope.
    """
    if not entries or len(entries) > MOST:
        raise NotRestored(f"Only writes of 1 to {MOST} objects can be undone.")
    models = {model._meta.db_table: model for model in audited_models()}
    names = []
    try:
        with transaction.atomic():
            for entry in sorted(entries, key=lambda each: each.pk, reverse=True):
                model = models[entry.table]
                needed = _needed(model, entry, by)
                if entry.action == CREATED:
                    _refuse_changed_by_others(model, entry, by)
                names.append(contents_of(model, [entry])[entry.pk].name)
                _ACTIONS[entry.action](model, entry, needed)
    except (IntegrityError, ProtectedError, RestrictedError) as error:
        raise NotRestored("Other objects have changed since, so it cannot be restored.") from error
    return names


def _needed(model: type[Model], entry: AuditEntry, by: User) -> tuple[str, ...]:
    """The permissions by which this user may take the entry back. Raises NotRestored, MissingPermission."""
    columns = _changed_columns(entry)
    fields = [field.name for field in model._meta.concrete_fields if field.column in columns]
    if not _is_covered(model, entry.action, fields):
        raise NotRestored(f"A {model._meta.verbose_name} is not restored from the history.")
    if _rules[model].own and entry.user_id != by.pk:
        raise NotRestored("Only the user who wrote it takes it back.")
    needed = _rules[model].needed(entry.action, fields)
    if not by.has_perms(needed):
        raise MissingPermission(list(needed))
    return needed


def _refuse_changed_by_others(model: type[Model], entry: AuditEntry, by: User) -> None:
    later = AuditEntry.objects.filter(table=entry.table, object_id=entry.object_id, pk__gt=entry.pk)
    if later.filter(user_id__isnull=False).exclude(user_id=by.pk).exists():
        raise NotRestored(f"Somebody else changed this {model._meta.verbose_name} since.")


def _changed_columns(entry: AuditEntry) -> list[str]:
    before, after = entry.before or {}, entry.after or {}
    return [name for name in before if before[name] != after.get(name)]


def _take_back_change(model: type[Model], entry: AuditEntry, permissions: Collection[str]) -> None:
    before, after = entry.before or {}, entry.after or {}
    columns = [name for name in _columns(model) if name in _changed_columns(entry)]
    obj = model._base_manager.filter(pk=entry.object_id).first()
    if obj is None:
        raise NotRestored("It was deleted since.")
    refuse_outside(obj, *permissions)
    written_columns = {name: after.get(name) for name in columns}
    if columns and not _run(
        _UPDATE, model, columns, {"id": entry.object_id, "before": before, "after": written_columns}
    ):
        raise NotRestored(f"{obj} was changed since; its newer values stay.")


def _make_again(model: type[Model], entry: AuditEntry, permissions: Collection[str]) -> None:
    before = entry.before or {}
    if model._base_manager.filter(pk=entry.object_id).exists():
        raise NotRestored("It is there again.")
    _run(_INSERT, model, [name for name in _columns(model) if name in before], {"before": before})
    refuse_outside(model._base_manager.get(pk=entry.object_id), *permissions)


def _delete_again(model: type[Model], entry: AuditEntry, permissions: Collection[str]) -> None:
    obj = model._base_manager.filter(pk=entry.object_id).first()
    if obj is None:
        raise NotRestored("It was deleted since.")
    refuse_outside(obj, *permissions)
    if _refers_to(obj):
        raise NotRestored(f"Other objects refer to {obj} by now.")
    obj.delete()


_ACTIONS = {CHANGED.value: _take_back_change, DELETED.value: _make_again, CREATED.value: _delete_again}


def _refers_to(obj: Model) -> bool:
    collector = Collector(router.db_for_write(type(obj)), origin=obj)
    collector.collect([obj])
    others = sum(len(instances) for instances in collector.data.values()) > 1
    return others or any(rows.exists() for rows in collector.fast_deletes if rows.model is not type(obj))


def _columns(model: type[Model]) -> list[str]:
    stored = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    return [str(field.column) for field in stored]


def _run(sql: str, model: type[Model], columns: Sequence[str], values: Mapping[str, Any]) -> int:
    quote = connection.ops.quote_name
    statement = sql.format(
        table=quote(model._meta.db_table), columns=", ".join(map(quote, columns)), same=_SAME
    )
    arguments: dict[str, Any] = {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.rowcount)
