"""Which rows lie outside a writer's scope, whatever the models say of themselves, and in which tables they changed.

A row lies outside if it is of the other fleet or refers to it, or if it belongs to the whole installation: it leads to
no site. This follows from the foreign keys alone, so that a kind that forgets its rule is judged as the others are.
"""

from functools import cache

from django.apps import apps
from django.db import connection

from accounts.models import User
from inventory.models import Region, Site
from tests.visibility.mirror import SHIFT
from web.audit import AuditEntry

HOMES = {"home_region", "home_site"}
# What a user has of their own: rows of others are outside.
ONES_OWN = {
    "accounts.User": "id",
    "accounts.User_groups": "user_id",
    "accounts.User_user_permissions": "user_id",
    "accounts.AccessScope": "user_id",
    "accounts.Token": "user_id",
    "accounts.SecondFactor": "user_id",
    "accounts.RecoveryCode": "user_id",
    "accounts.SavedView": "owner_id",
    "web.FileImport": "by_id",
}
# They lead to a site in some rows, and are the whole installation's all the same.
OF_THE_INSTALLATION = {"people.Course", "people.CapabilityRule", "people.DutyRule"}
# An item of a site or a shift may be given to somebody who is at home elsewhere: no row of theirs changes.
PLACED_BY = {
    "ownership.Assignment": {"site"},
    "people.Swap": {"rotation"},
    "actions.Action": {"site"},
    # A decision about several sites may take it up.
    "findings.Finding": {"site"},
    # Whoever leads it may be at home elsewhere.
    "incidents.Incident": {"site"},
}
# What is to be computed anew, wherever that is: a person of ours may work at another site too. And that a link ended,
# and what the evaluation of a site finds.
WRITTEN_BY_TRIGGERS = {
    *("inventory.SiteChange", "people.RotationChange", "problems.ProblemClaim"),
    *("accounts.AccountTie", "standards.Conformance", "standards.Deviation"),
    # Whoever signs in writes it.
    "accounts.Session",
    # Also what was refused.
    "web.SecurityEvent",
}
# Django's own, which hold no object of Muster.
NOT_OURS = {"sessions", "contenttypes", "django_celery_beat"}
TOUCHED = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""
# The sum of hashes, so that the order of rows does not matter.
DIGEST = 'SELECT count(*), coalesce(sum(hashtextextended(it::text, 0)), 0) FROM "{}" AS it WHERE {}'


@cache
def placed():
    """Models whose rows lead to a site or a region, in several steps too; not by the user who wrote them."""
    models = {Site, Region}
    every = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    while more := {model for model in every if model not in models and _leads(model, models)}:
        models |= more
    return models


def _leads(model, to):
    if model is User or model._meta.label in OF_THE_INSTALLATION:
        return False
    return any(key.related_model._meta.concrete_model in to for key in keys_of(model))


def keys_of(model):
    keys = [field for field in model._meta.concrete_fields if field.is_relation]
    return [key for key in keys if key.related_model._meta.concrete_model not in {User, model}]


def placing_keys(model):
    keys = [key for key in keys_of(model) if key.related_model._meta.concrete_model in placed()]
    by = PLACED_BY.get(model._meta.label)
    return keys if by is None else [key for key in keys if key.name in by]


def condition(model, writers):
    """Which rows lie outside of what these users write, in SQL; "" for tables that hold no object of Muster."""
    meta = model._meta
    if (
        meta.app_label in NOT_OURS
        or meta.label == "accounts.Session"
        or meta.label in WRITTEN_BY_TRIGGERS
        or model is AuditEntry
    ):
        return ""
    if owner := ONES_OWN.get(meta.label):
        # A token without a user is a source's.
        keys = ", ".join(str(each.pk) for each in writers)
        return f'"{owner}" NOT IN ({keys}) OR "{meta.pk.column}" >= {SHIFT}'
    if meta.label == "web.Approval":
        # Without a key, since inventory is a floor above it.
        return f'coalesce("site_id", {SHIFT}) >= {SHIFT}'
    if model not in placed():
        return "true"
    keys = placing_keys(model)
    parts = [f'"{column}" >= {SHIFT}' for column in {meta.pk.column, *(key.column for key in keys)}]
    return " OR ".join([*parts, *_homeless_rows(model, keys)])


def _homeless_rows(model, keys):
    """A row without a home, or at no site, is the whole installation's."""
    deciding = [key for key in keys if key.name in HOMES] or keys
    if model not in {Site, Region} and deciding and all(key.null for key in deciding):
        yield "(" + " AND ".join(f'"{key.column}" IS NULL' for key in deciding) + ")"


class Outside:
    """The tables that a write touched, and those in which rows outside the scope of the writers differ since."""

    def __init__(self, writers):
        every = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
        self.conditions = {model._meta.db_table: condition(model, writers) for model in every}
        self._counted, self._digests = self._counts(), {}

    def touched(self):
        """The tables with rows that were written since the last call, in this transaction or what became of it."""
        before, self._counted = self._counted, self._counts()
        return {
            table
            for table, number in self._counted.items()
            if before.get(table) != number and self.conditions.get(table)
        }

    def digests(self, tables):
        return {table: self._digest(table) for table in sorted(tables)}

    def undisturbed(self, tables):
        """The digests of tables as they are while nothing is written."""
        for table in set(tables) - self._digests.keys():
            self._digests[table] = self._digest(table)
        return {table: self._digests[table] for table in tables}

    def _digest(self, table):
        with connection.cursor() as cursor:
            cursor.execute(DIGEST.format(table, self.conditions[table]))
            return cursor.fetchone()

    def _counts(self):
        with connection.cursor() as cursor:
            cursor.execute(TOUCHED)
            return dict(cursor.fetchall())
