"""Number the replicas of a source as their names come, and note when each sends, falls silent, contradicts another."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from inventory.models import SiteChange
from telemetry.core.replicas import MOST_REPLICAS, ReplicaComparison
from telemetry.models import InboxBatch, Replica, Series, Source, SourceStatus
from telemetry.sources import sites_of

# A share of the series that were compared: a few may differ for reasons of their own.
CONTRADICTS_FROM = 0.1
LIMITS_OF_SILENCE = 3

_SEEN = """
UPDATE telemetry_replica replica SET last_sample_at = greatest(replica.last_sample_at, seen.sampled),
    last_received_at = greatest(replica.last_received_at, seen.received)
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
    AS seen (source_id, number, sampled, received)
WHERE replica.source_id = seen.source_id AND replica.number = seen.number
"""


@dataclass(frozen=True, slots=True)
class ReplicaSeen:
    source_id: int
    number: int
    sampled_at: datetime
    received_at: datetime


def numbers_by_name(source: Source, names: Collection[str], *, now: datetime) -> dict[str, int]:
    """The numbers of these replicas, in the caller's transaction. A new name gets a free number or that of a replica
    that somebody removed; one beyond the most gets 0, and its series count as others."""
    present = Replica.objects.filter(source=source).present()
    numbers = dict(present.values_list("name", "number"))
    if not numbers.keys() >= set(names):
        numbers = _give_numbers(source, names, now)
    return {name: numbers.get(name, 0) for name in names}


def _give_numbers(source: Source, names: Collection[str], now: datetime) -> dict[str, int]:
    # Two drains may meet new names at once.
    _lock_numbers(source)
    replicas = Replica.objects.filter(source=source)
    replicas.filter(name__in=names).exclude(removed_at=None).update(removed_at=None, removed_by=None)
    numbers = dict(replicas.values_list("name", "number"))
    unused = sorted(set(range(1, MOST_REPLICAS + 1)) - set(numbers.values()))
    removed = replicas.filter(number__gt=0).exclude(removed_at=None).order_by("number")
    free_numbers = [*unused, *removed.values_list("number", flat=True)]
    for name in sorted(set(names) - numbers.keys()):
        number = free_numbers.pop(0) if free_numbers else 0
        if number == 0 and 0 in numbers.values():
            break
        replicas.filter(number=number).delete()
        replicas.create(source=source, number=number, name=name, first_sample_at=now)
        numbers[name] = number
    return numbers


def _lock_numbers(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM telemetry_source WHERE id = %s FOR NO KEY UPDATE", [source.pk])


def note_seen(seen: Iterable[ReplicaSeen]) -> None:
    rows = sorted(seen, key=lambda each: (each.source_id, each.number))
    if not rows:
        return
    columns = (
        [each.source_id for each in rows],
        [each.number for each in rows],
        [each.sampled_at for each in rows],
        [each.received_at for each in rows],
    )
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, columns)


def judge_silence(*, now: datetime) -> int:
    """Note which replicas have been silent for as long as makes a source silent, and which send again; returns how many
    changed. A replica is heard by its own samples alone."""
    changes = 0
    waiting_sources = set(InboxBatch.objects.waiting().order_by().values_list("source", flat=True).distinct())
    for replica in Replica.objects.present().filter(number__gt=0).select_related("source").order_by("pk"):
        silent_since = _silent_since(replica, now)
        if (silent_since is None) == (replica.silent_since is None):
            continue
        # What waits to be stored may be its samples.
        if silent_since is not None and replica.source_id in waiting_sources:
            continue
        with transaction.atomic():
            same = Replica.objects.filter(pk=replica.pk, silent_since=replica.silent_since)
            if same.update(silent_since=silent_since):
                _claim_sites(replica.source)
                changes += 1
    return changes


def _silent_since(replica: Replica, now: datetime) -> datetime | None:
    source = replica.source
    # It got its number in the transaction that stored its first samples.
    received_at = replica.last_received_at or replica.first_sample_at
    heard_at = min(received_at, replica.last_sample_at or received_at)
    limit = LIMITS_OF_SILENCE * timedelta(seconds=source.cadence_s + source.grace_s)
    if source.paused:
        return replica.silent_since
    return heard_at if now > heard_at + limit else None


def note_comparisons(comparisons: Mapping[int, Sequence[ReplicaComparison]], *, start: datetime) -> None:
    """Note what the roll-up of a window found. Only a newer comparison takes a contradiction back."""
    for source_id, of_source in comparisons.items():
        replicas = {
            each.number: each for each in Replica.objects.filter(source=source_id).select_related("source")
        }
        for comparison in of_source:
            replica = replicas.get(comparison.number)
            if replica is None or (replica.compared_to is not None and replica.compared_to > start):
                continue
            _note_comparison(replica, replicas, comparison, start)


def _note_comparison(
    replica: Replica, replicas: Mapping[int, Replica], comparison: ReplicaComparison, start: datetime
) -> None:
    contradiction = ""
    if comparison.example and comparison.contradicting >= CONTRADICTS_FROM * comparison.compared:
        contradiction = _contradiction(comparison, comparison.example, replica, replicas)
    did_contradict = replica.contradicts_since is not None
    since = (replica.contradicts_since or start) if contradiction else None
    Replica.objects.filter(pk=replica.pk).update(
        compared_to=start, contradicts_since=since, contradiction=contradiction
    )
    if did_contradict != bool(contradiction):
        _claim_sites(replica.source)


def _contradiction(
    comparison: ReplicaComparison,
    example: tuple[int, int, float, float],
    replica: Replica,
    replicas: Mapping[int, Replica],
) -> str:
    series_id, first_number, first_value, value = example
    series = Series.objects.filter(pk=series_id).first()
    first = replicas.get(first_number)
    labels = ", ".join(f'{name}="{text}"' for name, text in sorted((series.labels if series else {}).items()))
    first_name = first.name if first else "a sender without the label"
    values = f"{first_value:,.6g} by {first_name}, {value:,.6g} by {replica.name}"
    share = f"{comparison.contradicting:,} of {comparison.compared:,} series differ"
    space = 400 - len(f"{share}, such as {{}}: {values}") - len(series.metric if series else "")
    if len(labels) > space:
        labels = labels[: max(space - 1, 0)] + "…"
    return f"{share}, such as {series.metric if series else ''}{{{labels}}}: {values}"[:400]


@transaction.atomic
def remove_replica(replica: Replica, *, by: User | None, now: datetime) -> None:
    """End what is told about a replica that is gone for good. Its samples stay, and its next one brings it back."""
    _lock_numbers(replica.source)
    _look_numbers_up_again(replica.source)
    if replica.number:
        Replica.objects.filter(pk=replica.pk).update(
            removed_at=now, removed_by=by, silent_since=None, contradicts_since=None, contradiction=""
        )
    else:
        replica.delete()
    _claim_sites(replica.source)


def change_label(source: Source, *, before: str, now: datetime) -> None:
    """End the series that will come with other labels from now on, so that nothing counts twice; the next sample of one
    revives it. Samples that were sent stay as they are."""
    running = Series.objects.filter(source=source, ended_at=None)
    if source.replica_label:
        running.filter(labels__has_key=source.replica_label).update(ended_at=now)
    if before:
        running.exclude(labels__has_key=before).update(ended_at=now)
    _look_numbers_up_again(source)
    Replica.objects.filter(source=source, number=0).delete()
    Replica.objects.filter(source=source).update(
        removed_at=now, silent_since=None, contradicts_since=None, contradiction=""
    )
    _claim_sites(source)


def _look_numbers_up_again(source: Source) -> None:
    """Processes that know the number of a replica look it up, since another one may get it. The drain locks series,
    this row and replicas in that order."""
    SourceStatus.objects.filter(source=source).update(match_revision=F("match_revision") + 1)


def _claim_sites(source: Source) -> None:
    SiteChange.objects.bulk_create(
        SiteChange(site_id=site_id, origin=SiteChange.Origin.SOURCE) for site_id in sites_of(source)
    )
