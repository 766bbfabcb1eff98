"""Problems of sources of which Muster takes nothing, or not all: paused, waiting for a first sample, refusing; and of
those whose clock differs from Muster's, or whose replicas are silent or differ."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from readiness.loop.problems.core.ending import PAUSED
from readiness.loop.problems.core.problem import NO_DATA, Identity, PresentProblem
from readiness.loop.problems.core.states import ProblemKind, ProblemState
from readiness.loop.problems.models import Problem, ProblemClaim
from telemetry.core.labels import IGNORED
from telemetry.core.replicas import MOST_REPLICAS
from telemetry.core.trust import SkewDirection, trust_rules
from telemetry.intake import RECENT
from telemetry.models import Rejection, Source, SourceActivity, SourceState
from telemetry.replicas.queries import troubled_replicas
from telemetry.sentences import REASONS, skew
from web.units import duration, number

WAITING, REFUSING, CLOCK = "-waiting", "-refusing", "-clock"
SKEWED = (SkewDirection.AHEAD, SkewDirection.BEHIND)
TO_DO_AHEAD = (
    "Check the time service of whatever sets their times, and Muster's own: charts, durations and the moment at which"
    " the source counts as silent are off by as much."
)
TO_DO_BEHIND = (
    "Check the time service of whatever sets their times, what delays its samples, and Muster's own clock: what it"
    " reports is known later by as much."
)
BEYOND, SILENT_REPLICA, CONTRADICTING = "beyond", "silent", "contradicting"
TO_DO_OF_REPLICAS = {
    BEYOND: "Its series keep the label and count as others, so sums may hold them twice. Check which label tells the"
    " replicas apart, give them names that stay, and remove the replicas that are gone on the page of the source.",
    SILENT_REPLICA: "Nothing is missing as long as another replica sends, but nothing replaces that one if it fails."
    " Start this one again, or remove it on the page of the source.",
    CONTRADICTING: "One of them is read. Check that both scrape the same targets, and that the label tells replicas"
    " apart, not sites or clusters.",
}
SILENT_LIMITS = 3
"""A source that never sent is a problem after as many limits as make another one silent."""
REFUSED_AT_LEAST = 5
"""A source that sends one body a minute has sent as many, if all are refused."""
REFUSES_FROM, FAILS_FROM = 0.01, 0.5
"""Shares of what arrived in the last minutes."""


@dataclass(frozen=True, slots=True)
class RefusedShare:
    share: float
    count: int


def idle_problem(source: Source, *, now: datetime) -> PresentProblem | None:
    """The problem of a paused source, or of one that has been waiting for too long."""
    state, since = source.status.state, source.status.state_since
    if state == SourceState.PAUSED:
        return _intake_problem(
            source,
            PAUSED,
            f"{source.name} is paused",
            since,
            "Muster takes nothing from it until somebody lets it send again.",
            metrics=frozenset({NO_DATA}),
        )
    if state == SourceState.WAITING and waits_until(source) <= now:
        detail = "It never sent a sample: check its address, its token and the sender."
        return _intake_problem(source, WAITING, f"{source.name} has not sent yet", since, detail)
    return None


def waits_until(source: Source) -> datetime:
    """When a source without a sample counts as a problem."""
    limit_s = SILENT_LIMITS * (source.cadence_s + source.grace_s)
    return source.status.state_since + timedelta(seconds=limit_s)


def refused_shares(*, now: datetime, sources: Collection[int] | None = None) -> dict[int, RefusedShare]:
    """The sources that refuse too much of what they sent in the last minutes; one statement."""
    recent = SourceActivity.objects.filter(start__gt=now - RECENT, start__lte=now)
    if sources is not None:
        recent = recent.filter(source__in=sources)
    sums = recent.order_by().values_list("source_id").annotate(refused=Sum("rejected"), taken=Sum("samples"))
    return {
        source_id: RefusedShare(refused / (refused + taken), refused)
        for source_id, refused, taken in sums.filter(refused__gte=REFUSED_AT_LEAST)
        if refused >= REFUSES_FROM * (refused + taken)
    }


def refusal_reasons(source_ids: Collection[int], *, now: datetime) -> dict[int, Rejection]:
    """The most frequent refusal of each source among today's that are recent; one statement."""
    rejections = Rejection.objects.filter(source__in=source_ids, last_at__gt=now - RECENT).exclude(
        reason__in=IGNORED
    )
    return {each.source_id: each for each in rejections.order_by("count", "pk")}


def refusing_problem(source: Source, refused: RefusedShare, reason: Rejection | None) -> PresentProblem:
    percent = number(100 * refused.share, 0 if refused.share >= 0.1 else 1)
    minutes = RECENT.seconds // 60
    words = REASONS.get(reason.reason, reason.reason) if reason else ""
    return _intake_problem(
        source,
        REFUSING,
        f"Muster refuses samples of {source.name}",
        None,
        f"Most often: {words}." if words else "",
        state=ProblemState.FAILING if refused.share >= FAILS_FROM else ProblemState.WARN,
        value=f"{percent} %, {refused.count:,} in {minutes} min",
        limit=f"limit {number(100 * REFUSES_FROM, 0)} %",
    )


def clock_problem(source: Source) -> PresentProblem | None:
    """The problem of a source whose clock differs from Muster's, until its own samples show that it does not."""
    status = source.status
    if status.clock not in SKEWED or status.clock_skew_s is None:
        return None
    direction = SkewDirection(status.clock)
    is_ahead = direction is SkewDirection.AHEAD
    limit_s = trust_rules().clock.limit_s(direction, cadence_s=source.cadence_s)
    return _intake_problem(
        source,
        CLOCK,
        f"Samples of {source.name} {'come from the future' if is_ahead else 'come late'}",
        status.clock_since,
        TO_DO_AHEAD if is_ahead else TO_DO_BEHIND,
        state=ProblemState.WARN,
        value=skew(status.clock_skew_s),
        limit=f"limit {duration(limit_s)}",
    )


def replica_problems(source: Source) -> Iterator[PresentProblem]:
    """The problems of the replicas of a source; silence ends none of them."""
    for replica in source.replicas.all():
        if replica.removed_at is not None:
            continue
        if not replica.number:
            title = f"{source.name} has more than {MOST_REPLICAS} replicas"
            value, since, condition = replica.name, replica.first_sample_at, BEYOND
        elif replica.silent_since is not None:
            title, value = f"Replica {replica.name} of {source.name} is silent", ""
            since, condition = replica.silent_since, SILENT_REPLICA
        elif replica.contradicts_since is not None:
            title, value = f"Replicas of {source.name} contradict each other", replica.contradiction
            since, condition = replica.contradicts_since, CONTRADICTING
        else:
            continue
        yield _intake_problem(
            source,
            f"-replica-{replica.number}",
            title,
            since,
            TO_DO_OF_REPLICAS[condition],
            state=ProblemState.WARN,
            value=value,
        )


def _intake_problem(
    source: Source,
    condition: str,
    title: str,
    since: datetime | None,
    detail: str,
    *,
    state: ProblemState = ProblemState.MISSING,
    value: str = "",
    limit: str = "",
    metrics: frozenset[str] = frozenset(),
) -> PresentProblem:
    return PresentProblem(
        identity=Identity(ProblemKind.INTAKE, f"{source.pk}{condition}"),
        state=state,
        subject=str(source.pk),
        since=since,
        title=title,
        detail=detail,
        value=value,
        limit=limit,
        metrics=metrics,
    )


def problems_of_no_site(now: datetime) -> Iterator[PresentProblem]:
    """Sources that serve many sites and wait, refuse or have another clock: no one site is theirs. A paused one is a
    problem of each site that it served."""
    troubled = (
        Q(status__state=SourceState.WAITING) | Q(status__clock__in=SKEWED) | Q(pk__in=troubled_replicas())
    )
    refused = refused_shares(now=now)
    sources = Source.objects.filter(Q(pk__in=refused) | troubled, site=None).select_related("status")
    sources = sources.prefetch_related("replicas")
    reasons = refusal_reasons(refused, now=now)
    for source in sources.order_by("pk"):
        if (idle := idle_problem(source, now=now)) is not None and not source.paused:
            yield idle
        if (skewed := clock_problem(source)) is not None:
            yield skewed
        yield from replica_problems(source)
        if source.pk in refused:
            yield refusing_problem(source, refused[source.pk], reasons.get(source.pk))


def claim_refusing(*, now: datetime) -> int:
    """Claim the sites whose source began to refuse or takes all again, since counts of refusals claim nothing."""
    refused = refused_shares(now=now)
    noted = Problem.objects.open().filter(kind=ProblemKind.INTAKE, key__endswith=REFUSING, site__isnull=False)
    sites_of_noted: Mapping[str, int] = dict(noted.values_list("subject", "site_id"))
    differs = {int(subject) for subject in sites_of_noted}.symmetric_difference(refused)
    rows = Source.objects.filter(pk__in=differs, site__isnull=False).order_by("site_id")
    claims = [ProblemClaim(site_id=site_id) for site_id in rows.values_list("site_id", flat=True).distinct()]
    return len(ProblemClaim.objects.bulk_create(claims))
