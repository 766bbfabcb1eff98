"""Refusals of a write outside the scope: they say what lies outside, the permission that was used, and whom to ask.

The reader's own scope stands beside it (`web.scopes.limits`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from psycopg.pq import TransactionStatus

from accounts.models import User
from accounts.queries import slugs_of_scopes
from web import scopes, visibility
from web.permissions import model_of, roles_of
from web.policies import keys_of, parents_of, rule_of

PLACES = {"muster.sites": "site", "muster.around": "region"}
HOMES = ("home_region", "home_site")
# A row leads to its site in a few steps: a member of a layer of a rotation at home there.
MOST_STEPS = 5
MOST_ACCOUNTS, MOST_SCOPES, MOST_NAMES = 500, 20, 3
UNKNOWN = "This object is outside your sites, or it also belongs to other sites."


class OutsideScope(PermissionDenied):
    """The message is what the refusal says."""


def refuse_outside(objects: Model | Sequence[Model], *permissions: str) -> None:
    """Raise OutsideScope if this reader may not write these stored objects, all of one model."""
    if scopes.may_write(objects):
        return
    several = [objects] if isinstance(objects, Model) else objects
    obj = next(each for each in several if not scopes.may_write(each))
    write_permissions = [name for name in permissions if ".view_" not in name]
    raise OutsideScope(sentence(type(obj), _keys(obj), was=True, permissions=write_permissions))


def marked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same rows, each with whether this reader may write it, in the same statement."""
    if scopes.sees_all():
        return rows
    same = rows.model._base_manager.filter(pk=OuterRef("pk"))
    return rows.annotate(may_be_written=Exists(scopes.writable(same)))


def may_offer(user: Any, permission: str, obj: Model | None = None) -> bool:
    """Whether a page offers what takes this permission: somewhere in the scope of its reader, and to this object."""
    model = None if ".view_" in permission else model_of(permission)
    in_scope = model is None or (scopes.may_add(model) and (obj is None or scopes.may_write(obj)))
    return user.has_perm(permission) and in_scope


class PermissionsInScope:
    """Permissions of a user somewhere in their scope: `perms` in templates, less what takes one without scopes."""

    def __init__(self, user: Any) -> None:
        self.user = user

    def has_perm(self, name: str) -> bool:
        return may_offer(self.user, name)

    def has_module_perms(self, label: str) -> bool:
        return bool(self.user.has_module_perms(label))


def is_writable(obj: Any) -> bool:
    """Whether its reader may write an object of `marked` rows; of others nothing is known, and the write decides."""
    return getattr(obj, "may_be_written", True)


def sentence_of(error: Exception, permissions: Sequence[str]) -> str:
    """Say a refusal of the database in words (`scopes.is_refusal`)."""
    row = scopes.refused_row(error)
    concrete = [each for each in apps.get_models() if not each._meta.proxy]
    model = next((each for each in concrete if row and each._meta.db_table == row.table), None)
    if row is None or model is None:
        return UNKNOWN
    return sentence(model, row.keys, was=row.was, permissions=permissions)


def sentence(
    model: type[Model], keys: Mapping[str, Any], *, was: bool, permissions: Sequence[str] = ()
) -> str:
    """`keys` are the primary key and the foreign keys of the row by column, as it is or as it would be."""
    noun = model._meta.verbose_name
    lies = f"This {noun} lies" if was else f"The {noun} would lie"
    if not _may_read():
        return f"{lies} outside your scope. Ask a manager of the whole installation."
    with scopes.everything():
        places = list(dict.fromkeys(_places(model, keys)))
    sentences = [f"The permission {name} holds within your scope alone." for name in permissions[:1]]
    return " ".join([f"{lies} outside your scope{_where(places)}.", *sentences, whom(places, permissions)])


def whom(places: Sequence[Model], permissions: Sequence[str]) -> str:
    """Name accounts to ask: those with the permission whose scope has all the places, or without places, no limit."""
    if not permissions:
        return "Ask a manager of the whole installation."
    with scopes.everything():
        accounts = _accounts_with(permissions, places)
    if not accounts:
        return "Ask an administrator: no other account may do it there."
    if not visibility.sees_names():
        if any(account.scope_slugs for account in accounts):
            return f"Ask somebody with the role {roles_of(permissions[0])} whose scope contains it."
        return f"Ask somebody with the role {roles_of(permissions[0])} for the whole installation."
    names = [str(account) for account in accounts[:MOST_NAMES]]
    more = len(accounts) - len(names)
    others = [f"{more} more with this permission"] if more else []
    return f"Ask {_either([*names, *others])}."


def _either(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _accounts_with(permissions: Sequence[str], places: Sequence[Model]) -> list[Any]:
    """Those with the narrowest scope that contains the places first."""
    reader = visibility.reader()
    holders = User.objects.filter(is_active=True).exclude(pk=reader.pk if reader is not None else 0)
    for name in permissions:
        app, _dot, codename = name.partition(".")
        columns = {"content_type__app_label": app, "codename": codename}
        direct = {f"user_permissions__{path}": value for path, value in columns.items()}
        by_role = {f"groups__permissions__{path}": value for path, value in columns.items()}
        holders = holders.filter(
            pk__in=User.objects.filter(Q(is_superuser=True) | Q(**direct) | Q(**by_role))
        )
    with_scopes = holders.annotate(scope_slugs=slugs_of_scopes(OuterRef("pk"))).order_by("username")
    reached: dict[tuple[str, ...], bool] = {(): True}
    accounts = []
    for account in with_scopes[:MOST_ACCOUNTS]:
        limit = tuple(account.scope_slugs)
        if limit not in reached and places and len(reached) <= MOST_SCOPES:
            with scopes.read_as(account):
                reached[limit] = all(map(scopes.may_write, places))
        if reached.get(limit):
            accounts.append(account)
    return sorted(accounts, key=lambda account: not account.scope_slugs)


def _where(places: Sequence[Model]) -> str:
    """Where it lies, as far as the reader may know."""
    if not places:
        return ": it belongs to the whole installation"
    visible = [each for each in places if type(each)._base_manager.filter(pk=each.pk).exists()]
    outside: list[Any] = [each for each in visible if not scopes.may_write(each)]
    names = [f"{PLACES[each.VISIBLE_IDS]} {each.slug}" for each in outside]
    return f": it belongs to {' and '.join(names)}" if names else ""


def _places(model: Any, keys: Mapping[str, Any], steps: int = MOST_STEPS) -> Iterator[Model]:
    """The sites and regions of a row: its home, else those that its keys lead to; none for the whole installation."""
    if _is_place(model) and (place := _found(model, keys.get(model._meta.pk.column))) is not None:
        yield place
        return
    if not steps or rule_of(model).check == scopes.NOBODY:
        return
    homes = [model._meta.get_field(name) for name in HOMES if hasattr(model, name)]
    parents: dict[str, Any] = {key.column: key for key in homes or [*parents_of(model), *keys_of(model)]}
    if _is_place(model):  # A new one, in the region that it names.
        parents = {each.column: each for each in model._meta.concrete_fields if each.is_relation}
    for column, key in parents.items():
        parent = key.related_model._meta.concrete_model
        if (row := _found(parent, keys.get(column))) is not None:
            yield from _places(parent, _keys(row), steps - 1)


def _is_place(model: type[Model]) -> bool:
    return getattr(model, "VISIBLE_IDS", "") in PLACES


def _found(model: type[Model], key: Any) -> Model | None:
    return None if key is None else model._base_manager.filter(pk=key).first()


def _keys(obj: Any) -> dict[str, Any]:
    fields = [field for field in obj._meta.concrete_fields if field.primary_key or field.is_relation]
    return {field.column: getattr(obj, field.attname) for field in fields}


def _may_read() -> bool:
    """Whether the transaction still takes statements."""
    raw = connection.connection
    return raw is None or raw.info.transaction_status != TransactionStatus.INERROR
