"""Sentences about the decision of a case."""

from collections.abc import Iterable
from datetime import date

from readiness.demand.jurisdiction.core.deciding import AppliedRule, LegalFinding, Missing
from readiness.demand.jurisdiction.core.pack import (
    ANYWHERE,
    Doubt,
    LegalAnswer,
    RuleKind,
    RulePackDocument,
    RuleTerms,
    UndecidedReason,
)
from readiness.demand.workloads.core.countries import COUNTRIES

NOTICE = "Not legal advice: have the rules checked by the people responsible."
ANSWERS = {
    LegalAnswer.ALLOWED: "Allowed",
    LegalAnswer.NEEDS_BASIS: "Needs a basis",
    LegalAnswer.CANNOT_DECIDE: "Cannot be decided",
    LegalAnswer.FORBIDDEN: "Forbidden",
}
KINDS = {RuleKind.RESIDENCY: "Residency", RuleKind.SOVEREIGNTY: "Sovereignty"}
QUESTIONS = {
    RuleKind.RESIDENCY: "May the data lie there?",
    RuleKind.SOVEREIGNTY: "May the owner of the operator be there?",
}
_MISSING = {
    UndecidedReason.UNKNOWN_ORIGIN: "the origin of the data is unknown ({what})",
    UndecidedReason.UNKNOWN_PLACE: "{place} is not known ({what})",
    UndecidedReason.NO_CATEGORY: "no kind of data is named",
    UndecidedReason.UNKNOWN_CATEGORY: "the rules do not name a kind of data {what}",
    UndecidedReason.NO_RULE: "no rule covers {what} here",
}
_PLACES = {
    RuleKind.RESIDENCY: "the country",
    RuleKind.SOVEREIGNTY: "the country of the operator’s owner",
}
_DOUBTS = {
    Doubt.UNDATED: "its start date is unknown",
    Doubt.NOT_CHECKED: "its source was last checked more than {days} days ago",
}


def sentence(finding: LegalFinding, pack: RulePackDocument) -> str:
    """Format an answer, such as `Needs a basis: one of A or B (GDPR, Art. 46).`"""
    reasons = [missing(lacking, pack) for lacking in finding.missing]
    if finding.answer == LegalAnswer.FORBIDDEN:
        reasons = []
    reasons += [ground(applied, pack) for applied in finding.deciding]
    return f"{ANSWERS[finding.answer]}: {'; '.join(reasons)}."


def ground(applied: AppliedRule, pack: RulePackDocument) -> str:
    text = applied.rule.title
    if applied.doubt is not None:
        text += f", but {_DOUBTS[applied.doubt].format(days=pack.check_again_days)}"
    elif applied.met_by:
        text = f"{pack.bases_by_id[applied.met_by].name} is on record"
    elif applied.answer == LegalAnswer.NEEDS_BASIS:
        text = any_of(applied.rule.bases, pack)
    return f"{text} ({cite(applied.rule)})"


def missing(lacking: Missing, pack: RulePackDocument) -> str:
    category = pack.categories_by_id.get(lacking.what)
    what = category.name if category else lacking.what or "not given"
    return _MISSING[lacking.gap].format(what=what, place=_PLACES[lacking.kind])


def any_of(bases: Iterable[str], pack: RulePackDocument) -> str:
    *others, last = [pack.bases_by_id[basis].name if basis in pack.bases_by_id else basis for basis in bases]
    return f"one of {', '.join(others)} or {last}" if others else last


def basis(slug: str, pack: RulePackDocument | None) -> str:
    if pack is None:
        return slug
    entry = pack.bases_by_id.get(slug)
    return entry.name if entry else f"{slug} (meets no rule in force)"


def cite(rule: RuleTerms) -> str:
    return f"{rule.citation.instrument}, {rule.citation.article}"


def country(code: str) -> str:
    """`Germany (DE)`; an unknown code stays as it is."""
    return f"{COUNTRIES[code]} ({code})" if code in COUNTRIES else code


def places(names: Iterable[str], pack: RulePackDocument) -> str:
    groups = {ANYWHERE: "anywhere"} | {group.id: group.name for group in pack.groups}
    return ", ".join(groups.get(name) or country(name) for name in sorted(names))


def covers(rule: RuleTerms, pack: RulePackDocument) -> str:
    """`Personal data under the law of X, in Y except Z`: the scope of a rule in one phrase."""
    data = ", ".join(pack.categories_by_id[category].name for category in sorted(rule.categories))
    where = "lying in" if rule.kind == RuleKind.RESIDENCY else "operator controlled from"
    scope = f"{data} of {places(rule.origins, pack)}, {where} {places(rule.places, pack)}"
    return f"{scope} except {places(rule.places_except, pack)}" if rule.places_except else scope


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"


def period_in_force(rule: RuleTerms, pack: RulePackDocument, today: date) -> str:
    if rule.in_force_from is None:
        return "no start date, so the rule decides nothing"
    begins = _day(rule.in_force_from)
    text = f"since {begins}"
    if rule.in_force_until:
        text = f"{begins} to {_day(rule.in_force_until)}"
    if rule.in_force_from > today:
        text = f"from {begins}"
    if rule.may_hold_on(today) and rule.doubt(today, pack.check_again) is not None:
        text += f"; not checked for {pack.check_again_days} days, so the rule decides nothing"
    return text
