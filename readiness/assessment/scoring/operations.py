"""Evaluate sites: gather facts, decide, store what changed."""

import gc
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce

from accounts.models import User
from inventory.models import Site, SiteChange
from readiness.assessment.evidence.operations import reconcile_stored, void_changed
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.apply import Outcome, apply
from readiness.assessment.scoring.changing import changes_at
from readiness.assessment.scoring.core.evaluate import SiteInputs, SiteResult
from readiness.assessment.scoring.core.evaluate import evaluate as decide
from readiness.assessment.scoring.core.flips import Before, CheckBefore, FlipSet, find_flips
from readiness.assessment.scoring.core.reasons import ReasonPlace
from readiness.assessment.scoring.core.states import CheckState, Tier, Verdict
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.assessment.scoring.figures import site_figures
from readiness.assessment.scoring.gather import SiteGathered, inputs_of
from readiness.assessment.scoring.health import StoredHealth, site_health, stored_domains
from readiness.assessment.scoring.models import FAILURE_LENGTH, HealthReason, ReasonEnd, SiteScore
from readiness.assessment.scoring.models.stored import Stored, read_parts, stored_of
from readiness.assessment.scoring.models.tokens import Claim, tokens_of, waiting_claims
from readiness.assessment.scoring.records import RecordTokens, SiteRecords
from readiness.assessment.scoring.stored_state import Content, contents_of
from readiness.assessment.standards.conformity import store
from web import scopes, watch

log = logging.getLogger(__name__)
AGED_AFTER = timedelta(seconds=60)
"""A site that could not be evaluated is tried again after this long."""
CLAIMS_A_RUN = 20_000
SHAKING = frozenset({SiteChange.Origin.INVENTORY, SiteChange.Origin.WORKLOAD})
"""Changes of these origins may void evidence. Telemetry claims sites every few seconds and voids none."""
SITES_AT_ONCE = 200
"""Number of sites evaluated in one transaction: about two seconds and 100 MB, which bounds locks and memory. Smaller
batches cost more, because finding the newest samples reads all samples of the last minutes."""
_LOCK = 0x53434F  # "SCO"
ENDED_COLUMNS = (
    *("site_id", *ReasonPlace._fields),
    *("object", "health", "title", "value", "unit", "since", "taken_at"),
)
_STATES = {state.value: state for state in CheckState}


@contextmanager
def _paused_collection() -> Iterator[None]:
    """Switch the garbage collector off: an evaluation makes hundreds of thousands of values without cycles, and looking
    for cycles takes a tenth of its time, or much more in a large process."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_paused_collection()
@transaction.atomic
def evaluate(*, site_ids: Collection[int], now: datetime, claims: Collection[Claim] = ()) -> int:
    """Evaluate sites at `now`, on evidence taken up to then; returns their number. What is read of a site besides what
    it sent depends on `claims` and on those that still wait.

    Two workers never evaluate one site at the same time: the second waits and then sees what the first wrote. A site
    that was already evaluated later than `now` stays as it is.
    """
    lock(site_ids)
    version, framework = framework_queries.current()
    stored = stored_of(site_ids, now=now)
    scores = {
        site_id: before.score
        for site_id, before in stored.items()
        if before.score is None or before.score.evaluated_at <= now
    }
    tokens = tokens_of(scores, {*claims, *waiting_claims(site_ids)})
    gathered = inputs_of(list(tokens), stored, framework, now=now, tokens=tokens)

    decided = [_decide(of_site, stored[site_id], framework, now) for site_id, of_site in gathered.items()]
    read_parts(stored, {decision.site_id: decision.digests for decision in decided})
    flips = _flips(decided, stored, framework, now)
    outcomes = [
        _outcome(
            decision,
            flips[decision.site_id],
            stored[decision.site_id],
            framework,
            tokens[decision.site_id],
            now,
        )
        for decision in decided
    ]

    apply(outcomes, version, now=now)
    store({decision.site_id: decision.facts.standards for decision in decided}, now=now)
    return len(decided)


@dataclass(frozen=True, slots=True)
class _Decided:
    facts: EvaluationFacts
    inputs: SiteInputs
    records: SiteRecords
    result: SiteResult
    contents: Mapping[str, Content]

    @property
    def site_id(self) -> int:
        return self.facts.profile.id

    @property
    def digests(self) -> dict[str, str]:
        return {check_id: content.digest for check_id, content in self.contents.items()}


def _decide(gathered: SiteGathered, stored: Stored, framework: Framework, now: datetime) -> _Decided:
    records = gathered.records
    result = decide(framework, gathered.inputs, now=now, settled=records.settled)
    contents = contents_of(result, gathered.inputs.readings, stored.results, records.digests)
    return _Decided(*gathered, result, contents)


def _outcome(
    decision: _Decided,
    flips: FlipSet,
    before: Stored,
    framework: Framework,
    tokens: RecordTokens,
    now: datetime,
) -> Outcome:
    health = site_health(decision.facts, _stored_health(before), now)
    return Outcome(
        site_id=decision.site_id,
        result=decision.result,
        inputs=decision.inputs,
        contents=decision.contents,
        flips=flips,
        health=health,
        figures=site_figures(decision.facts, framework, now),
        newest_sample_at=_newest_sample_at(decision.facts, now),
        tokens=tokens,
        changes_at=changes_at(
            decision.facts, decision.result, health, records_until=decision.records.until, now=now
        ),
        stored=before,
    )


def _stored_health(stored: Stored) -> StoredHealth:
    return StoredHealth(list(stored.reasons), stored_domains(stored.health.values()), stored.ends)


def _flips(
    decided: Sequence[_Decided], stored: Mapping[int, Stored], framework: Framework, now: datetime
) -> dict[int, FlipSet]:
    """Find the moves at each site. Where a state changed under a new definition, the old one shows whether the
    definition changed it. Its minimums decide which runs count, so the evidence is gathered under it too."""
    flips = {decision.site_id: _moves(decision, stored[decision.site_id]) for decision in decided}
    redefined: dict[FrameworkVersion, list[int]] = {}
    for site_id, flip_set in flips.items():
        score = stored[site_id].score
        if flip_set.flips and score and score.framework_version.digest != framework.content_digest:
            redefined.setdefault(score.framework_version, []).append(site_id)
    under_old_rules = {
        site_id: result
        for version, site_ids in redefined.items()
        for site_id, result in _decided_under(version, site_ids, stored, now).items()
    }
    return flips | {
        decision.site_id: _moves(decision, stored[decision.site_id], under_old_rules[decision.site_id])
        for decision in decided
        if decision.site_id in under_old_rules
    }


def _moves(decision: _Decided, stored: Stored, under_old_rules: SiteResult | None = None) -> FlipSet:
    unmoved = {
        check_id
        for check_id, digest in decision.digests.items()
        if check_id in stored.results and stored.results[check_id].digest == digest
    }
    before = _state_before(stored)
    return find_flips(before, decision.result, under_old_rules=under_old_rules, unmoved=unmoved)


def _state_before(stored: Stored) -> Before | None:
    if stored.score is None:
        return None
    return Before(
        framework_digest=stored.score.framework_version.digest,
        verdict=Verdict(stored.score.verdict) if stored.score.verdict else None,
        deciding=tuple(stored.score.deciding),
        excepted=tuple(stored.score.excepted),
        evaluated_at=stored.score.evaluated_at,
        rules=stored.score.rules,
        checks={
            check_id: CheckBefore(
                state=_STATES[result.state],
                measured_state=_STATES[result.measured_state],
                parts={part["part"]: _STATES[part["state"]] for part in result.parts or ()},
                first_bad_at=result.first_bad_at,
                tier=Tier(result.tier) if result.tier else None,
            )
            for check_id, result in stored.results.items()
        },
    )


def _decided_under(
    version: FrameworkVersion, site_ids: Sequence[int], stored: Mapping[int, Stored], now: datetime
) -> dict[int, SiteResult]:
    framework = framework_queries.definition_of(version)
    gathered = inputs_of(site_ids, stored, framework, now=now)
    return {site_id: decide(framework, of_site.inputs, now=now) for site_id, of_site in gathered.items()}


def _newest_sample_at(facts: EvaluationFacts, now: datetime) -> datetime | None:
    times = [source.last_sample_at for source in facts.sources.values() if source.last_sample_at]
    return max((at for at in times if at <= now), default=None)


def lock(site_ids: Collection[int], *, purpose: int = _LOCK) -> None:
    """Lock sites until the transaction ends, in the order of ids, so that two workers cannot wait for each other. Each
    schema and each purpose has its own locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s # current_schema()::regnamespace::oid::int, site_id)"
            " FROM (SELECT unnest(%s::int[]) AS site_id ORDER BY 1) AS in_order",
            [purpose, sorted(site_ids)],
        )


def judging_instant(*, now: datetime) -> datetime:
    """Up to when sites can be judged: `now`, or what the drain has reached if it is behind, because samples that wait
    to be stored are no silence. Never before the newest evaluation, or a site would be left as it is."""
    reached = watch.instant_reached(now, watch.WorkStage.STORED)
    if reached == now:
        return now
    newest = SiteScore.objects.aggregate(newest=Max("evaluated_at"))["newest"]
    return min(now, max(reached, newest or reached))


@transaction.atomic
def end_reason(*, reason: HealthReason, note: str, by: User, now: datetime) -> ReasonEnd:
    """End a reason on a person's word, with a note. It comes back if a sample after `now` still says so."""
    if not note.strip():
        raise ValidationError({"note": "Write why it does not hold."})
    if not reason.metric:
        raise ValidationError("Silence ends with the next sample of the object.")
    lock([reason.site_id])
    stored = HealthReason.objects.filter(pk=reason.pk).first()
    if stored is None:
        raise ValidationError("It has ended already.")
    end = ReasonEnd.objects.create(
        **{name: getattr(stored, name) for name in ENDED_COLUMNS},
        note=note.strip(),
        ended_by=by,
        ended_at=now,
    )
    stored.delete()
    SiteChange.objects.create(site_id=end.site_id, origin=SiteChange.Origin.EVIDENCE)
    return end


class NotEvaluable(Exception):
    """The evaluation of a site failed; the message is for the user who requested it."""


def evaluate_one(*, site: Site, now: datetime) -> None:
    """Evaluate a site for a user who waits. A failure is stored like that of any other evaluation, and NotEvaluable
    gives the reason."""
    try:
        # Links to sites that the user may not see also count.
        with scopes.everything(), transaction.atomic():
            evaluate(site_ids=[site.pk], now=judging_instant(now=now))
    except OperationalError:
        # A database failure is not a failure of the site.
        raise
    except Exception as error:
        log.exception("Site %s could not be evaluated", site.pk)
        reason = _mark_failed(site.pk, error, now=now)
        raise NotEvaluable(f"{site} could not be evaluated: {reason}") from error


@transaction.atomic
def rescore_changed(*, now: datetime) -> int:
    """Evaluate the sites that claim rows name, each once; returns their number. The claims are deleted in this
    transaction: after a failure they are still there, and a claim made meanwhile is a new one. One that waits is taken
    with another of its site."""
    rows = list(
        SiteChange.objects.select_for_update(skip_locked=True)
        .order_by("id")
        .values_list("id", "site_id", "origin", "waits_until")[:CLAIMS_A_RUN]
    )
    due = {site_id for _, site_id, _, waits_until in rows if waits_until is None or waits_until <= now}
    claims = [(claim_id, site_id, origin) for claim_id, site_id, origin, _ in rows if site_id in due]
    if not claims:
        return 0
    SiteChange.objects.filter(id__in=[claim_id for claim_id, _, _ in claims]).delete()
    _void(sorted({site_id for _, site_id, origin in claims if origin in SHAKING}), now=now)
    return _evaluate_all(
        sorted({site_id for _, site_id, _ in claims}),
        now=now,
        claims={(site_id, origin) for _, site_id, origin in claims},
    )


def _void(site_ids: Sequence[int], *, now: datetime) -> None:
    """Compare runs with the inventory again, and void the evidence that changes invalidate. A failure at one site stops
    neither other sites nor the scores."""
    if not site_ids:
        return
    try:
        with transaction.atomic():
            reconcile_stored(site_ids=site_ids, now=now)
            void_changed(site_ids=site_ids, now=now)
    except Exception:
        if len(site_ids) == 1:
            log.exception("Evidence of site %s could not be looked at", site_ids[0])
            return
        for site_id in site_ids:
            _void([site_id], now=now)


def rescore_aged(*, now: datetime) -> int:
    """Evaluate the sites that no claim and no date names: never evaluated, or not since an upgrade; and those that
    could not be evaluated, each minute again."""
    aged = Q(score__isnull=True) | Q(score__records_token=0)
    failed = Q(score__failed_at__isnull=False, score__evaluated_at__lte=now - AGED_AFTER)
    return _evaluate_all(_unretired(aged | failed | _due(now)), now=now)


def rescore_due(*, now: datetime) -> int:
    """Evaluate the sites whose state the clock changes by now: an object fell silent, or evidence went stale. Sites
    that cannot be evaluated wait for `rescore_aged`."""
    return _evaluate_all(_unretired(_due(now) & Q(score__failed_at=None)), now=now)


def _due(now: datetime) -> Q:
    return Q(score__changes_at__lte=now)


def _unretired(condition: Q) -> list[int]:
    """A retired site is evaluated once more, so that its verdict is removed, and then left alone."""
    sites = Site.objects.filter(condition).exclude(stage=Site.Stage.RETIRED, score__verdict="")
    return sorted(sites.values_list("id", flat=True))


def _evaluate_all(site_ids: Sequence[int], *, now: datetime, claims: Collection[Claim] = frozenset()) -> int:
    return sum(
        _evaluate_some(site_ids[start : start + SITES_AT_ONCE], claims, now=now)
        for start in range(0, len(site_ids), SITES_AT_ONCE)
    )


def _evaluate_some(site_ids: Sequence[int], claims: Collection[Claim], *, now: datetime) -> int:
    """Evaluate sites together; after a failure, split them in halves down to the failing site, so that its failure
    stops no other score."""
    try:
        return evaluate(site_ids=site_ids, now=now, claims=claims)
    except Exception as error:
        if len(site_ids) == 1:
            log.exception("Site %s could not be evaluated", site_ids[0])
            _mark_failed(site_ids[0], error, now=now)
            return 0
    middle = len(site_ids) // 2
    halves = (site_ids[:middle], site_ids[middle:])
    return sum(_evaluate_some(half, claims, now=now) for half in halves)


def _mark_failed(site_id: int, error: Exception, *, now: datetime) -> str:
    """Mark that a site's last verdict no longer counts; the next successful evaluation removes the mark."""
    reason = f"{type(error).__name__}: {error}"[:FAILURE_LENGTH].replace("\0", "")
    SiteScore.objects.filter(site_id=site_id, evaluated_at__lte=now).update(
        failed_at=Coalesce("failed_at", now), failure=reason
    )
    return reason
