"""A schema for writing the past while the present runs: its tables hide the public tables of the same name.

Statements name tables without a schema. With this schema first on the search path, the product's own intake, roll-up
and scoring read and write the past here, apart from today's data, until it is handed over.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from inventory.models import SiteChange
from readiness.assessment.evidence.models import Measure, MeasuredDay
from readiness.assessment.scoring.core.reasons import ReasonPlace
from readiness.assessment.scoring.models import (
    CheckResult,
    DomainHealth,
    Flip,
    HealthReason,
    ReasonEnd,
    ScoreInputs,
    ScorePoint,
    SiteScore,
)
from telemetry import store
from telemetry.models import (
    BodyDigest,
    DirtyWindow,
    InboxBatch,
    LateDay,
    Series,
    SourceFlip,
    SourceState,
    SourceStatus,
)

SCHEMA = "demo_history"
_HIDDEN = (
    *(SiteChange, Measure, MeasuredDay),
    *(CheckResult, DomainHealth, Flip, HealthReason, ReasonEnd, ScoreInputs, ScorePoint, SiteScore),
    *(BodyDigest, DirtyWindow, InboxBatch, LateDay, Series, SourceFlip, SourceStatus),
)
# No later score reads older data, so it is moved to the present's tables.
READ_FOR = timedelta(days=2)
_SITE_IS_THERE = "site_id IN (SELECT id FROM public.inventory_site)"
# A series that the present also has keeps its id, so that roll-ups of both belong to one series.
_SERIES = f"""
CREATE FUNCTION {SCHEMA}.take_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    SELECT id INTO NEW.id FROM public.telemetry_series WHERE source_id = NEW.source_id AND digest = NEW.digest;
    IF NEW.id IS NULL THEN
        NEW.id := nextval(pg_get_serial_sequence('public.telemetry_series', 'id'));
        INSERT INTO public.telemetry_series SELECT NEW.*;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER take_id BEFORE INSERT ON {SCHEMA}.telemetry_series FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.take_id()
"""


def make(source_ids: Collection[int], *, since: datetime) -> None:
    """Make the empty tables. Sources wait for their first sample, because the past begins."""
    drop()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in (model._meta.db_table for model in _HIDDEN):
            cursor.execute(f"CREATE TABLE {SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)")
        store.make_copy(SCHEMA)
        cursor.execute(_SERIES)
        cursor.execute(
            f"INSERT INTO {SCHEMA}.telemetry_sourcestatus (source_id, state, state_since, match_revision)"
            " SELECT source_id, %s, %s, match_revision FROM public.telemetry_sourcestatus WHERE source_id = ANY(%s)",
            [SourceState.WAITING, since, list(source_ids)],
        )


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@contextmanager
def first() -> Iterator[None]:
    """Inside, tables of the past come first on the search path; must not be nested."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path TO {SCHEMA}, public")
        yield
        cursor.execute("SET LOCAL search_path TO DEFAULT")


def publish(*, at: datetime, before: date, now: datetime) -> None:
    """Hand over what was computed at an instant, for days before the loading, and roll-ups that nothing reads any
    more."""
    with connection.cursor() as cursor:
        for model, present in ((Flip, _SITE_IS_THERE), (SourceFlip, "source_id IN (TABLE sources)")):
            table, columns = model._meta.db_table, ", ".join(_columns(model._meta.db_table))
            cursor.execute(
                f"WITH sources AS (SELECT id FROM public.telemetry_source),"
                f" gone AS (DELETE FROM {SCHEMA}.{table} RETURNING *)"
                f" INSERT INTO public.{table} ({columns}) SELECT {columns} FROM gone WHERE {present} ORDER BY id"
            )
    for daily in (ScorePoint, ScoreInputs):
        where = f"{_SITE_IS_THERE} AND on_date = %s AND on_date < %s"
        _copy(daily._meta.db_table, ("site_id", "on_date"), where, [at.date(), before])
    store.publish_rollups(SCHEMA, now=now, until=at - READ_FOR)


def hand_over(site_ids: Collection[int], *, sampled_at: datetime, before: date, now: datetime) -> None:
    """Hand over the rest, and let the present continue where the past ends: a state that still holds takes its start
    from the past."""
    store.publish_rollups(SCHEMA, now=now, until=None)
    _copy(
        "evidence_measure",
        ("site_id", "key", "part", "on_date"),
        f"{_SITE_IS_THERE} AND on_date < %s",
        [before],
    )
    for table, unique, since in (
        ("scoring_checkresult", ("site_id", "check_id"), "since"),
        ("scoring_domainhealth", ("site_id", "domain"), "since"),
        ("scoring_sitescore", ("site_id",), "verdict_since"),
    ):
        same = " AND ".join(f"stands.{column} = past.{column}" for column in unique)
        moved = f"SELECT 1 FROM public.{table} stands WHERE {same} AND stands.{since} > %s"
        _copy(table, unique, f"{_SITE_IS_THERE} AND NOT EXISTS ({moved})", [sampled_at])
    _continue_reasons()
    _measure_again(site_ids, sampled_at=sampled_at, before=before)
    drop()


def _continue_reasons() -> None:
    """A reason that still stands began in the past. One that the present does not have has ended."""
    same = " AND ".join(f"stands.{column} = past.{column}" for column in ("site_id", *ReasonPlace._fields))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.scoring_healthreason stands SET since = past.since"
            f" FROM {SCHEMA}.scoring_healthreason past WHERE {same} AND past.since < stands.since"
        )


def _measure_again(site_ids: Collection[int], *, sampled_at: datetime, before: date) -> None:
    with connection.cursor() as cursor:
        # These days are measured again from all their samples.
        cursor.execute(
            "DELETE FROM public.evidence_measuredday WHERE site_id = ANY(%s) AND on_date < %s",
            [list(site_ids), before],
        )
        cursor.execute(
            "INSERT INTO public.telemetry_dirtywindow (source_id, start, width_s)"
            f" SELECT DISTINCT source_id, start, width_s FROM {SCHEMA}.telemetry_dirtywindow WHERE width_s = %s"
            " AND source_id IN (SELECT id FROM public.telemetry_source)",
            [DirtyWindow.Width.HOUR],
        )
        cursor.execute(
            "UPDATE public.telemetry_series SET first_seen_at = past.first_seen_at"
            f" FROM {SCHEMA}.telemetry_series past WHERE past.id = telemetry_series.id"
        )
        cursor.execute(
            "UPDATE public.telemetry_sourcestatus stands SET first_sample_at = past.first_sample_at, state_since ="
            " CASE WHEN stands.state = past.state AND stands.state_since <= %s THEN past.state_since"
            f" ELSE stands.state_since END FROM {SCHEMA}.telemetry_sourcestatus past"
            " WHERE past.source_id = stands.source_id AND past.first_sample_at IS NOT NULL",
            [sampled_at],
        )


def _copy(table: str, unique: tuple[str, ...], where: str, values: Sequence[Any]) -> None:
    """Replace the rows of the present that have the same key by rows of the past."""
    columns = _columns(table)
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in unique)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO public.{table} ({', '.join(columns)}) SELECT {', '.join(columns)}"
            f" FROM {SCHEMA}.{table} past WHERE {where} ORDER BY {', '.join(unique)}"
            f" ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {changed}",
            values,
        )


def _columns(table: str) -> list[str]:
    """All columns except the id, which each schema assigns by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attname <> 'id' ORDER BY attnum",
            [f"public.{table}"],
        )
        return [name for (name,) in cursor.fetchall()]
