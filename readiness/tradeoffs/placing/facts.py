"""The facts of all sites, kept while nothing changes: reading 1,000 sites takes longer than placing a workload.

Facts are read again once a minute, and earlier if people, scoring or the inventory changed anything; telemetry shows
after a minute at most. Inputs of a candidate that depend only on currency and carbon are built once for each reading:
building them took half of the 100 ms of a question over 1,000 sites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min

from inventory.models import Accelerator, CapacityEvent, Device, DeviceType, Link, Region, Site
from readiness.assessment.evidence.models import Measure
from readiness.assessment.evidence.queries import circuit_loads
from readiness.assessment.framework import queries as framework
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.assessment.scoring.core.states import CheckState, Gate, Verdict
from readiness.assessment.scoring.models import CheckResult, DomainHealth, SiteScore
from readiness.demand.jurisdiction import queries as jurisdiction
from readiness.demand.jurisdiction.core.deciding import Footing
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.models import RulePack
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.core.envelope import Envelope
from readiness.golive.models import ENDED, Campaign
from readiness.organisation.people.fleet import FLEET_PEOPLE, fleet_people
from readiness.tradeoffs.factors.queries.site_factors import factors_of
from readiness.tradeoffs.factors.queries.stored import ENTERED, known_rates
from readiness.tradeoffs.models import ExchangeRate
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.placing.core.candidates import Adapter
from readiness.tradeoffs.placing.core.inputs import (
    FleetFacts,
    OpenCheck,
    OpeningDay,
    PlacementInputs,
    SiteStaffing,
    StoredScore,
)
from readiness.tradeoffs.placing.core.law import Laws
from readiness.tradeoffs.placing.core.levers import (
    USUAL_QUESTION,
    PlacementQuestion,
    apply_levers,
    refuse_unknown,
    sites_of_today,
)
from telemetry.models import DirtyWindow, Replica, Series, Source
from web.cached import CachedAnswer
from web.versioned.versions import NothingPublished

FLEET_FACTS: CachedAnswer[None, FleetFacts] = CachedAnswer(
    "facts for placements",
    models=(
        *(ExchangeRate, Region, Site, Device, DeviceType, Accelerator, Link, CapacityEvent, Campaign),
        FrameworkVersion,
    ),
    rows=(SiteScore, DomainHealth),
    eventual=(CheckResult, Measure, DirtyWindow, Replica, Series, Source),
    settings=("TELEMETRY_STORE",),
    answers=(ENTERED, FLEET_PEOPLE, framework.VERSIONS.documents),
    grain=timedelta(minutes=1),
)


def fleet_facts(percentile: float, now: datetime) -> FleetFacts:
    """Return facts of `now`, or of up to a minute before if nothing was written since; then one statement."""
    return FLEET_FACTS.value(lambda: _read(percentile, now), key=percentile, now=now)


def _read(percentile: float, now: datetime) -> FleetFacts:
    in_force = framework.current()[1]
    scores, version = _scores({pillar.id: pillar.name for pillar in in_force.pillars})
    rates = known_rates(now)
    sites = factors_of(None, now, percentile=percentile, rates=rates)
    loads = circuit_loads([site.site_id for site in sites], now=now)
    return FleetFacts(
        now,
        sites,
        scores,
        rates,
        version,
        circuits={site.slug: loads[site.site_id] for site in sites if site.site_id in loads},
        staffing=_staffing(now),
        waits=open_checks(in_force),
        opens=opening_days(now),
        percentile=percentile,
    )


def _staffing(now: datetime) -> dict[str, SiteStaffing]:
    people = fleet_people(now=now)
    return {
        people.sites[site_id].slug: SiteStaffing(
            len(covered.requirements), sum(each.is_short for each in covered.requirements)
        )
        for site_id, covered in people.covered.items()
        if covered.requirements
    }


def _scores(names: Mapping[str, str]) -> tuple[dict[str, StoredScore], str]:
    rows = SiteScore.objects.order_by("pk").values_list(
        "site__slug",
        "verdict",
        "score",
        "score_upper",
        "evaluated_at",
        "pillars",
        "framework_version__version",
    )
    scores: dict[str, StoredScore] = {}
    versions: set[str] = set()
    for slug, verdict, score, upper, evaluated_at, pillars, version in rows:
        versions.add(version)
        weakest, least = _weakest(pillars)
        scores[slug] = StoredScore(
            verdict, score, upper, evaluated_at, names.get(weakest, weakest).lower(), least
        )
    # During a change of version some sites are still judged by the old one.
    return scores, ", ".join(sorted(versions))


def _weakest(pillars: Mapping[str, Any]) -> tuple[str, float | None]:
    scored = [
        (score, pillar)
        for pillar, of_pillar in pillars.items()
        if (score := of_pillar.get("score") if isinstance(of_pillar, Mapping) else of_pillar) is not None
    ]
    if not scored:
        return "", None
    score, pillar = min(scored)
    return pillar, score


INPUTS: "CachedAnswer[None, Mapping[str, PlacementInputs]]" = CachedAnswer("inputs of placements", most=16)


def inputs_of(facts: FleetFacts, currency: str, carbon: CarbonKind) -> "Mapping[str, PlacementInputs]":
    return INPUTS.value(
        lambda: {site.slug: PlacementInputs(site, facts, currency, carbon) for site in facts.sites},
        key=(facts.percentile, currency, carbon),
        basis=facts,
    )


NOT_OPEN = (Site.Stage.PLANNED, Site.Stage.BUILDING)


def open_checks(framework: Framework) -> dict[str, tuple[OpenCheck, ...]]:
    """BLOCK checks that sites which are not ready do not pass, by slug of the site."""
    rows = (
        CheckResult.objects.filter(gate=Gate.BLOCK, site__score__verdict=Verdict.NOT_READY)
        .exclude(state__in=[*ACCEPTABLE, CheckState.WAIVED])
        .order_by("site__slug", "check_id")
        .values_list("site__slug", "check_id", "state")
    )
    names = {check.id: check.name for check in framework.checks}
    by_site: dict[str, list[OpenCheck]] = {}
    for slug, check_id, state in rows:
        by_site.setdefault(slug, []).append(OpenCheck(check_id, names.get(check_id, check_id), state))
    return {slug: tuple(checks) for slug, checks in by_site.items()}


def opening_days(now: datetime) -> Mapping[str, OpeningDay]:
    """Days of planned and building sites by slug: the first capacity that is dated ahead, else the campaign's."""
    sites = Site.objects.filter(stage__in=NOT_OPEN)
    ahead = CapacityEvent.objects.filter(
        site__in=sites, kind=CapacityEvent.Kind.COMMISSION, happened_on__gte=now.date()
    )
    campaigns = Campaign.objects.filter(site__in=sites).exclude(state__in=ENDED)
    due = campaigns.order_by().values("site__slug").annotate(on=Max("due_on"))
    dated = ahead.order_by().values("site__slug").annotate(on=Min("happened_on"))
    days = {row["site__slug"]: OpeningDay(row["on"], "campaign") for row in due}
    return days | {row["site__slug"]: OpeningDay(row["on"], "dated capacity") for row in dated}


CURRENCY = "EUR"
"""The currency of costs if neither the question nor the envelope names one."""


@dataclass(frozen=True, slots=True)
class PlacementFacts:
    """All that is read to place some classes, once: facts of sites by percentile of latency, the rules in force, and by
    class where it runs today and what is on record for its data.
    """

    at: datetime
    classes: tuple[Envelope, ...]
    fleets: Mapping[float, FleetFacts]
    rules: RulePack | None
    pack: RulePackDocument | None
    running: Mapping[str, tuple[str, ...]]
    footings: Mapping[str, Footing]

    def adapter(self, envelope: Envelope, question: PlacementQuestion = USUAL_QUESTION) -> Adapter:
        """Raises BadParameter for a question that names what does not exist."""
        facts, what_if = self.fleets[envelope.latency_percentile], question.what_if
        currency = question.currency or envelope.cost_currency or CURRENCY
        refuse_unknown(what_if, facts.sites, self.pack.bases_by_id if self.pack else ())
        today = sites_of_today(question.today, self.running.get(envelope.slug, ()))
        changed_envelope, footing = apply_levers(envelope, what_if, currency), self.footings[envelope.slug]
        return Adapter(
            plain=envelope,
            envelope=changed_envelope,
            what_if=what_if,
            currency=currency,
            carbon=question.carbon,
            facts=facts,
            inputs=inputs_of(facts, currency, question.carbon),
            laws=Laws(
                changed_envelope, self.pack, self.at.date(), what_if.data_origin, what_if.bases, footing
            ),
            today=today,
            home=next(iter(today), ""),
            rules={"version": self.rules.version, "digest": self.rules.digest} if self.rules else None,
            at=self.at,
        )


def read_facts(classes: Sequence[Envelope], *, now: datetime) -> PlacementFacts:
    """The number of statements depends on the percentiles of the classes alone."""
    slugs = [envelope.slug for envelope in classes]
    running = workloads.running(slugs, day=now.date())
    percentiles = sorted({envelope.latency_percentile for envelope in classes})
    fleets = {percentile: fleet_facts(percentile, now) for percentile in percentiles}
    try:
        rules, pack = jurisdiction.current()
    except NothingPublished:
        rules, pack = None, None
    footings = jurisdiction.footings(slugs, day=now.date())
    return PlacementFacts(now, tuple(classes), fleets, rules, pack, running, footings)
