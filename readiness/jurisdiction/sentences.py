"""Sentences that say what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.formats import date_format

from readiness.jurisdiction.core.deciding import AppliedRule, LegalFinding, Missing
from readiness.jurisdiction.core.pack import ANYWHERE, RulePackDocument, RuleTerms
from readiness.jurisdiction.core.vocabulary import Doubt, LegalAnswer, RuleKind, UndecidedReason
from readiness.workloads.core.countries import COUNTRIES

NOTICE = "Not legal advice: the rules are a start, to be checked by whoever answers for them."
ANSWERS = {
    LegalAnswer.ALLOWED: "Allowed",
    LegalAnswer.NEEDS_BASIS: "Needs a basis",
    LegalAnswer.CANNOT_DECIDE: "Cannot be decided",
    LegalAnswer.FORBIDDEN: "Forbidden",
}
KINDS = {RuleKind.RESIDENCY: "Residency", RuleKind.SOVEREIGNTY: "Sovereignty"}
QUESTIONS = {
    RuleKind.RESIDENCY: "May the data lie there?",
    RuleKind.SOVEREIGNTY: "May whoever controls the operator be there?",
}
_MISSING = {
    UndecidedReason.UNKNOWN_ORIGIN: "whose law the data is under is not known (%(what)s)",
    UndecidedReason.UNKNOWN_PLACE: "the country is not known (%(what)s)",
    UndecidedReason.NO_CATEGORY: "no kind of data is named",
    UndecidedReason.UNKNOWN_CATEGORY: "the rules know no kind of data called %(what)s",
    UndecidedReason.NO_RULE: "no rule covers %(what)s here",
}
_DOUBTS = {
    Doubt.UNDATED: "it is not known since when it is in force",
    Doubt.NOT_CHECKED: "nobody has checked it for longer than %(days)s days",
}


def sentence(finding: LegalFinding, pack: RulePackDocument) -> str:
    """`Needs a basis: one of A or B (GDPR, Art. 46).`"""
    answer = str(ANSWERS[finding.answer])
    reasons = [missing(lacking, pack, finding.kind) for lacking in finding.missing]
    if finding.answer == LegalAnswer.FORBIDDEN:
        reasons = []
    reasons += [ground(applied, pack) for applied in finding.deciding]
    return f"{answer}: {'; '.join(reasons)}."


def ground(applied: AppliedRule, pack: RulePackDocument) -> str:
    """Return what a rule comes to, with its citation."""
    cited = cite(applied.rule)
    if applied.doubt is not None:
        why = (str(_DOUBTS[applied.doubt])) % {"days": pack.check_again_days}
        return f"{applied.rule.title}, {'but'} {why} ({cited})"
    if applied.met_by:
        basis = pack.bases_by_id[applied.met_by].name
        return f"{basis} is on record ({cited})"
    if applied.answer == LegalAnswer.NEEDS_BASIS:
        return f"{any_of(applied.rule.bases, pack)} ({cited})"
    return f"{applied.rule.title} ({cited})"


def missing(lacking: Missing, pack: RulePackDocument, kind: RuleKind) -> str:
    what = lacking.what
    if lacking.gap in (UndecidedReason.NO_RULE, UndecidedReason.UNKNOWN_CATEGORY):
        known = pack.categories_by_id.get(what)
        what = known.name if known else what
    elif not what:
        what = "not given"
    if lacking.gap == UndecidedReason.UNKNOWN_PLACE and kind == RuleKind.SOVEREIGNTY:
        return f"the country of whoever controls the operator is not known ({what})"
    return (str(_MISSING[lacking.gap])) % {"what": what}


def any_of(bases: Iterable[str], pack: RulePackDocument) -> str:
    names = [pack.bases_by_id[basis].name if basis in pack.bases_by_id else basis for basis in bases]
    if len(names) == 1:
        return names[0]
    return f"one of {', '.join(names[:-1])} or {names[-1]}"


def cite(rule: RuleTerms) -> str:
    return f"{rule.citation.instrument}, {rule.citation.article}"


def country(code: str) -> str:
    """`Germany (DE)`; a code that is none stays as it is."""
    return f"{COUNTRIES[code]} ({code})" if code in COUNTRIES else code


def places(names: Iterable[str], pack: RulePackDocument) -> str:
    """Countries and groups by name."""
    said = []
    for name in sorted(names):
        if name == ANYWHERE:
            said.append("anywhere")
        else:
            said.append(pack.groups_by_id[name].name if name in pack.groups_by_id else country(name))
    return ", ".join(said)


def covers(rule: RuleTerms, pack: RulePackDocument) -> str:
    """`Personal data under the law of X, in Y except Z`, the scope of a rule in one sentence."""
    data = ", ".join(
        pack.categories_by_id[category].name
        for category in sorted(rule.categories)
        if category in pack.categories_by_id
    )
    words = {
        "data": data,
        "origins": places(rule.origins, pack),
        "places": places(rule.places, pack),
        "left_out": places(rule.places_except, pack),
    }
    if rule.kind == RuleKind.RESIDENCY:
        if rule.places_except:
            return "{data} of {origins}, lying in {places} except {left_out}".format(**words)
        return "{data} of {origins}, lying in {places}".format(**words)
    if rule.places_except:
        return "{data} of {origins}, operator controlled from {places} except {left_out}".format(**words)
    return "{data} of {origins}, operator controlled from {places}".format(**words)


def standing(rule: RuleTerms, pack: RulePackDocument, today: date) -> str:
    """`since 25 May 2018`, and why it decides nothing where it is in doubt."""
    begins, ends = rule.in_force_from, rule.in_force_until
    if begins is None:
        return "undated: decides nothing"
    days = {"from": date_format(begins, "j M Y"), "until": date_format(ends, "j M Y") if ends else ""}
    said = "{from} to {until}".format(**days) if ends else "since {from}".format(**days)
    if begins > today:
        said = "from {from}".format(**days)
    if rule.may_hold_on(today) and rule.doubt(today, pack.check_again) is not None:
        said = f"{said}; not checked for {pack.check_again_days} days: decides nothing"
    return said
