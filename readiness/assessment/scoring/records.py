"""The records of a site as one frozen value, with the readings and checks that follow from them alone, and the instant
until which all of it holds. Arithmetic only: it imports no framework."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from readiness.assessment.evidence.core.proving.dated import REVALIDATED, DatedProofs
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.grants.core.rules import SiteGrants
from readiness.assessment.scoring.checks.choosing import add_evidence, proved_readings
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import PartKey, SiteInputs, evaluate_check
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.states import ReasonCode
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.assessment.scoring.stored_state import content_of
from readiness.organisation.people.core.on_call import HOUR, full_hour

READ_AGAIN_AFTER = timedelta(hours=1)
"""Records are read again after this long at the latest, whatever is known of their dates."""


class RecordTokens(NamedTuple):
    """A site has other ones whenever a claim said that its records, or that its facts changed. Another one of its facts
    comes with another one of its records."""

    records: int
    facts: int


class DatedFacts(NamedTuple):
    """All that is on record of a site except evidence and grants. Time alone changes it at `until`."""

    facts: EvaluationFacts
    until: datetime


@dataclass(frozen=True, slots=True)
class SiteRecords:
    """All that is on record of a site: its facts but for telemetry and daily measures, grants, and the readings that
    follow from both alone. `proved` are readings by evidence of checks that are computed each time. `settled` checks
    and their digests follow from all this. Time alone changes it at `until`, but that nodes are counted each time."""

    facts: EvaluationFacts
    grants: SiteGrants
    readings: Mapping[PartKey, Reading]
    proved: Mapping[PartKey, Reading]
    settled: Mapping[str, CombinedCheck]
    digests: Mapping[str, str]
    counts_nodes: bool
    until: datetime

    def proved_at(self, now: datetime) -> Mapping[PartKey, Reading]:
        if not self.counts_nodes:
            return self.proved
        return {**self.proved, REVALIDATED: self.proved[REVALIDATED]._replace(taken_at=now)}


def dated_facts(facts: EvaluationFacts, *, now: datetime) -> DatedFacts:
    return DatedFacts(facts, min(_moments_of_facts(facts, now)))


def records_from(
    dated_facts: DatedFacts,
    dated: DatedProofs,
    grants: SiteGrants,
    computed_readings: Mapping[PartKey, Reading],
    framework: Framework,
    *,
    anew: Collection[str],
    now: datetime,
) -> SiteRecords:
    """`computed_readings` follow from the facts alone. The checks `anew` are computed at each evaluation, whatever is
    on record."""
    facts = dated_facts.facts
    anew = {*anew, REVALIDATED[0]}
    proved = proved_readings(dated.proofs, facts.limits, framework, facts.context, now)
    counted_anew = {key: reading for key, reading in proved.items() if key[0] in anew}
    recorded_proofs = {key: reading for key, reading in proved.items() if key[0] not in anew}
    readings = add_evidence(computed_readings, recorded_proofs, facts.limits, framework, now)
    inputs = site_inputs(facts, grants, readings, now)
    settled = {
        check.id: combined
        for check in framework.checks
        if check.id not in anew
        and _keeps_its_words(combined := evaluate_check(framework, check, inputs, now=now))
    }
    return SiteRecords(
        facts=facts,
        grants=grants,
        readings=readings,
        proved=counted_anew,
        settled=settled,
        digests={check_id: content_of(check, readings).digest for check_id, check in settled.items()},
        counts_nodes=dated.counts_nodes,
        until=min((dated_facts.until, *_moments_of_proofs(dated, grants, now))),
    )


def _keeps_its_words(check: CombinedCheck) -> bool:
    """The sentence of evidence that is too old tells its age."""
    return not any(part.code is ReasonCode.TOO_OLD for part in check.parts)


def site_inputs(
    facts: EvaluationFacts, grants: SiteGrants, readings: Mapping[PartKey, Reading], now: datetime
) -> SiteInputs:
    return SiteInputs(
        context=facts.context,
        readings=readings,
        limits=facts.limits,
        waivers=grants.waivers,
        exceptions=grants.exceptions,
        declared_na=grants.declared_na,
        records_change_at=facts.records_change_at(now),
    )


def _moments_of_facts(facts: EvaluationFacts, now: datetime) -> Iterator[datetime]:
    """The next instants at which time alone may change facts: days begin by the site's clocks, and by UTC."""
    yield now + READ_AGAIN_AFTER
    for zone in ("UTC", facts.profile.time_zone):
        local = now.astimezone(ZoneInfo(zone))
        yield datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    if facts.people.on_call is not None:
        yield full_hour(now) + HOUR
    for moment in (facts.records_change_at(now), facts.owned_until):
        if moment is not None and moment > now:
            yield moment


def _moments_of_proofs(proved: DatedProofs, grants: SiteGrants, now: datetime) -> Iterator[datetime]:
    for moment in (proved.until, *grants.dates()):
        if moment is not None and moment > now:
            yield moment
