"""p4-standard-interfaces, p4-multivendor-standard and p4-flexibility-preserved, from standards in force, waivers of
deviations, and alternatives on record. Where there are none, entered evidence counts."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from readiness.assessment.evidence.core.proving.values import few
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.checks.people import recorded
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.reasons import ObjectKey
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.assessment.standards.core.alternatives import alternative_standing
from readiness.assessment.standards.core.conformance import (
    DomainConformance,
    SiteStandards,
    StandardConformance,
    StandardInForce,
    StandardKind,
)
from web.units import how_many

CONFORMANCE, STANDARDS, ALTERNATIVES = "conformance", "standards", "alternatives"
"""Kinds of references to standards; the site's slug follows."""
INTERFACES = (StandardKind.INTERFACES, StandardKind.MONITORING)
TOPICS = {
    "matrix": "approved devices and firmware",
    "qos": "quality of service",
    "balancing": "load balancing",
    "naming": "naming",
    "testing": "test plan",
}
"""Topics that a standard for several vendors covers, by the definition of the check."""
TESTED_WITHIN = timedelta(days=180)
"""An alternative counts as tested for so long; the sub-measure `classes-untested` says the same."""


def interfaces(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    reading = interface_reading(facts.standards, now, slug=facts.profile.slug, names=facts.names)
    return {"devices-conforming": reading} if reading is not None else {}


def interface_reading(
    site: SiteStandards,
    now: datetime,
    *,
    slug: str = "",
    names: Mapping[ObjectKey, str] = MappingProxyType({}),
) -> Reading | None:
    """The smallest share over domains and standards; what has a waiver is left out of it. None without a standard."""
    evidence = f"{CONFORMANCE}:{slug}"
    shares = [
        (each, domain)
        for each in site.standards
        if each.standard.kind in INTERFACES
        for domain in each.domains
    ]
    judged_shares = [(domain.percent, each, domain) for each, domain in shares if domain.percent is not None]
    if not judged_shares:
        nothing = "Every object that the standards are of has a waiver."
        return recorded(evidence, None, "", now=now, cannot_judge=nothing) if shares else None
    percent, each, domain = min(
        judged_shares, key=lambda share: (share[0], share[1].standard.slug, share[2].domain)
    )
    return recorded(evidence, percent, _detail(each, domain, names), now=now)


def _detail(each: StandardConformance, domain: DomainConformance, names: Mapping[ObjectKey, str]) -> str:
    text = f"{domain.domain}: {domain.conforming} of {domain.objects - domain.waived} objects keep to"
    text += f" {each.standard.name} {each.standard.version}"
    text += f", {domain.waived} waived" if domain.waived else ""
    deviating = [
        names[deviation.subject, deviation.object_id]
        for deviation in each.deviations
        if deviation.domain == domain.domain
        and deviation.waiver_id is None
        and (deviation.subject, deviation.object_id) in names
    ]
    return f"{text}; without: {few(list(dict.fromkeys(deviating)))}" if deviating else text


def multivendor(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    return multivendor_readings(facts.standards, now, slug=facts.profile.slug)


def multivendor_readings(site: SiteStandards, now: datetime, *, slug: str = "") -> dict[str, Reading]:
    """Read the standards that cover a topic of a standard for several vendors; without one there is no reading."""
    covering = [each for each in site.standards if each.standard.topics]
    if not covering:
        return {}
    lacking = _lacking([each.standard for each in covering], now)
    unwaived = sum(each.deviating for each in covering)
    waived = sum(each.waived for each in covering)
    values = {
        "standard-current": (float(not lacking), few(lacking)),
        "deviations-unwaived": (float(unwaived), _most(covering, unwaived)),
        "deviations-waived": (float(waived), how_many(waived, "object", "objects") if waived else ""),
    }
    return {
        part: recorded(f"{STANDARDS}:{slug}", value, detail, now=now)
        for part, (value, detail) in values.items()
    }


def _lacking(standards: list[StandardInForce], now: datetime) -> list[str]:
    """Name everything that keeps the standard from being current: no owner, no review in time, a missing topic."""
    current = [
        each
        for each in standards
        if each.is_owned and each.review_due_at is not None and each.review_due_at > now
    ]
    topics = {topic for each in current for topic in each.topics}
    unowned = [f"{each.name} has no owner" for each in standards if not each.is_owned]
    overdue = [
        f"the review of {each.name} is overdue"
        for each in standards
        if each.review_due_at is None or each.review_due_at <= now
    ]
    missing_topics = [f"nothing on {words}" for topic, words in TOPICS.items() if topic not in topics]
    return [*unowned, *overdue, *missing_topics]


def _most(covering: list[StandardConformance], unwaived: int) -> str:
    if not unwaived:
        return ""
    by_rule = Counter(
        deviation.wants for each in covering for deviation in each.deviations if deviation.waiver_id is None
    )
    (wants, count), *others = by_rule.most_common()
    more = f"; {how_many(len(others), 'more rule', 'more rules')}" if others else ""
    return f"{how_many(count, 'object', 'objects')} without {wants}{more}"


def alternatives(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Judge the critical workloads placed here, once an alternative of one of them is on record."""
    recorded_alternatives = facts.alternatives
    if not recorded_alternatives:
        return {}
    critical = {placed.slug: placed.name for placed in facts.classes if placed.is_critical}
    standing = alternative_standing(
        critical, recorded_alternatives, on=now.astimezone(UTC).date(), within=TESTED_WITHIN
    )
    evidence = f"{ALTERNATIVES}:{facts.profile.slug}"
    readings = {
        "classes-without-alternative": _class_count(evidence, standing.without, critical, now),
        "classes-untested": _class_count(evidence, standing.untested, critical, now),
    }
    vendors: Counter[str] = Counter()
    for each in facts.profile.equipment:
        if each.role == "accelerator":
            vendors[each.vendor_name] += each.count
    if vendors:
        [(name, count)] = vendors.most_common(1)
        readings["vendor-share"] = recorded(evidence, 100 * count / vendors.total(), name, now=now)
    return readings


def _class_count(evidence: str, slugs: tuple[str, ...], names: dict[str, str], now: datetime) -> Reading:
    return recorded(
        evidence, float(len(slugs)), few([names[slug] for slug in slugs]) if slugs else "", now=now
    )
