"""Operations on sources: add, change, pause, resume, and replace the token."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.operations import create_source_token, revoke_token
from inventory.models import SiteChange
from telemetry import matching, sources, tasks
from telemetry.models import BatchDecision, InboxBatch, Source, SourceStatus
from telemetry.replicas import operations as replicas
from telemetry.unit_rules.operations import set_factors


@transaction.atomic
def create_source(
    *,
    name: str,
    by: User | None,
    now: datetime,
    owner: User | None = None,
    unit_scale: Mapping[str, float] | None = None,
    **fields: Any,
) -> tuple[Source, str]:
    """Create a source and the token for its sender, which cannot be shown again. Raises ValidationError. The creator
    owns it unless another `owner` is named. `unit_scale` are its first unit rules: a factor for each metric."""
    source = Source(name=name, owner=owner or by, **fields)
    source.full_clean(exclude=["token"])
    source.token, plain = create_source_token(name=source.name, by=by, now=now)
    source.save()
    SourceStatus.objects.create(source=source, state_since=now)
    set_factors(source, unit_scale or {})
    return source, plain


@transaction.atomic
def update_source(source: Source, *, changes: dict[str, Any], by: User | None, now: datetime) -> Source:
    before, label_before = (source.site_id, source.site_label), source.replica_label
    for field, value in changes.items():
        if field != "unit_scale":
            setattr(source, field, value)
    source.full_clean(exclude=["token"])
    source.save()
    if "unit_scale" in changes:
        set_factors(source, changes["unit_scale"])
    if (source.site_id, source.site_label) != before:
        matching.match_source(source=source, now=now)
    if source.replica_label != label_before:
        replicas.change_label(source, before=label_before, now=now)
    sources.update_states(now=now, sources=[source.pk])
    return source


def pause_source(source: Source, *, by: User | None, now: datetime) -> None:
    _set_paused(source, paused=True, now=now)


def resume_source(source: Source, *, by: User | None, now: datetime) -> None:
    _set_paused(source, paused=False, now=now)


@transaction.atomic
def rotate_token(source: Source, *, by: User | None, now: datetime) -> str:
    # Whoever may write the source may revoke its token, as long as it is the source's.
    if source.token is not None:
        revoke_token(source.token, by=by, now=now)
    source.token, plain = create_source_token(name=source.name, by=by, now=now)
    source.save(update_fields=["token"])
    return plain


@transaction.atomic
def delete_source(source: Source, *, by: User | None, now: datetime) -> None:
    sites = sources.sites_of(source)
    if source.token is not None:
        revoke_token(source.token, by=by, now=now)
    source.delete()
    SiteChange.objects.bulk_create(
        SiteChange(site_id=site_id, origin=SiteChange.Origin.SOURCE) for site_id in sites
    )


def _set_paused(source: Source, *, paused: bool, now: datetime) -> None:
    with transaction.atomic():
        source.paused = paused
        source.save(update_fields=["paused"])
        sources.update_states(now=now, sources=[source.pk])


class NotSetAside(LookupError):
    """There is no such batch, or somebody has already decided about it."""


@transaction.atomic
def retry_batch(batch_id: int, *, by: User | None, now: datetime) -> None:
    _retry([_locked(batch_id)], by=by, now=now)


@transaction.atomic
def retry_all(*, by: User | None, now: datetime) -> int:
    """Put every batch that is set aside back into the queue; returns how many there were."""
    batches = list(InboxBatch.objects.set_aside().select_for_update().defer("columns").order_by("pk"))
    _retry(batches, by=by, now=now)
    return len(batches)


@transaction.atomic
def discard_batch(batch_id: int, *, by: User | None, now: datetime) -> None:
    batch = _locked(batch_id)
    _record([batch], BatchDecision.Decision.DISCARDED, by=by, now=now)
    batch.delete()


def _locked(batch_id: int) -> InboxBatch:
    batch = InboxBatch.objects.set_aside().select_for_update().defer("columns").filter(pk=batch_id).first()
    if batch is None:
        raise NotSetAside(batch_id)
    return batch


def _retry(batches: Sequence[InboxBatch], *, by: User | None, now: datetime) -> None:
    _record(batches, BatchDecision.Decision.RETRIED, by=by, now=now)
    InboxBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(failed_at=None, failure="")
    transaction.on_commit(tasks.wake_drain, robust=True)


def _record(batches: Iterable[InboxBatch], decision: str, *, by: User | None, now: datetime) -> None:
    BatchDecision.objects.bulk_create(
        BatchDecision(
            source_id=batch.source_id,
            decision=decision,
            received_at=batch.received_at,
            samples=batch.samples,
            failure=batch.failure,
            decided_at=now,
            decided_by=by,
        )
        for batch in batches
    )
