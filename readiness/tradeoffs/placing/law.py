"""What the rules of jurisdiction say of a workload's data at a site: one decision for each country, not for each site.

Residency decides where a workload may run. Sovereignty, which looks at who controls the operator, is told beside it:
the inventory does not know the operators of sites, and the rules give no answer over both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from readiness.tradeoffs.core.options import Answer
from readiness.workloads.core.envelope import Envelope
from readiness.workloads.core.jurisdictions import COUNTRIES, WORLD, countries_of
from readiness.workloads.jurisdiction import words
from readiness.workloads.jurisdiction.core.deciding import Finding, Request, decide
from readiness.workloads.jurisdiction.core.pack import Pack
from readiness.workloads.jurisdiction.core.vocabulary import ORDER, Gap

SPOKEN_FOR = frozenset({Gap.UNKNOWN_ORIGIN, Gap.NO_RULE})
"""Gaps of the rules that whoever declared the envelope may speak for, by naming the country."""
NO_PACK = "no pack of rules is in force"


@dataclass(frozen=True, slots=True)
class Law:
    """The answer for the data, what gave it or what it lacks, and the answer about the operator beside it."""

    answer: Answer
    rule: str
    text: str = ""
    rules: tuple[str, ...] = ()
    sovereignty: str = ""
    sovereignty_text: str = ""


@dataclass
class Laws:
    """Answers by country for one envelope on a day; each country is decided once."""

    envelope: Envelope
    pack: Pack | None
    on: date
    data_origin: str = ""
    bases: frozenset[str] = frozenset()
    _known: dict[str, Law] = field(default_factory=dict)

    def of(self, country: str) -> Law:
        if country not in self._known:
            self._known[country] = self._decided(country)
        return self._known[country]

    def _decided(self, country: str) -> Law:
        residency = self.envelope.residency
        if residency:
            if country not in COUNTRIES:
                return Law(Answer.CANNOT_DECIDE, f"the country {country or 'of the site'} is not known")
            if country not in countries_of((residency,)):
                told = f"the residency that the envelope asks for ({residency})"
                return Law(Answer.FORBIDDEN, told, f"The data has to stay in {residency}.")
        categories = frozenset(map(str, self.envelope.data_categories))
        if not categories:
            return Law(Answer.NOT_ASKED, "", "The envelope names no kind of data, so that no rule was asked.")
        if self.pack is None:
            return self._spoken(country, Law(Answer.CANNOT_DECIDE, NO_PACK, f"{NO_PACK.capitalize()}."), True)
        findings = [
            decide(self.pack, Request(origin, categories, country, "", self.bases), self.on)
            for origin in self._origins
        ]
        residencies = [one.residency for one in findings]
        strict = max(residencies, key=lambda one: ORDER.index(one.answer))
        sovereign = max((one.sovereignty for one in findings), key=lambda one: ORDER.index(one.answer))
        law = Law(
            Answer(strict.answer),
            _rule(strict, self.pack),
            words.sentence(strict, self.pack),
            tuple(ground.rule.id for ground in strict.deciding),
            str(sovereign.answer),
            words.sentence(sovereign, self.pack),
        )
        return self._spoken(country, law, _only_gaps(strict))

    def _spoken(self, country: str, law: Law, only_gaps: bool) -> Law:
        """Where the rules do not speak of a case, the envelope does that names the country. WORLD names none."""
        named = countries_of(self.envelope.allowed - {WORLD}) - countries_of(self.envelope.forbidden)
        if law.answer is not Answer.CANNOT_DECIDE or not only_gaps or country not in named:
            return law
        text = f"The envelope allows {country}, and the rules do not say: {law.rule}."
        return Law(Answer.DECLARED, law.rule, text, law.rules, law.sovereignty, law.sovereignty_text)

    @property
    def _origins(self) -> list[str]:
        """Whose law it is: as asked, else where the data has to stay. Of a group, a country for each set of rules."""
        if self.data_origin or not self.envelope.residency or self.pack is None:
            return [self.data_origin]
        if self.envelope.residency == WORLD:
            return [""]
        return representatives(countries_of((self.envelope.residency,)), self.pack, self.on)


def representatives(countries: Collection[str], pack: Pack, on: date) -> list[str]:
    """One country for each set of rules that are about the data of any of these."""
    found: dict[frozenset[str], str] = {}
    for country in sorted(countries):
        about = frozenset(rule.id for rule in pack.rules if pack.among(country, rule.origins, on))
        found.setdefault(about, country)
    return list(found.values())


def _only_gaps(finding: Finding) -> bool:
    """Whether nothing but the silence of the rules keeps it from being decided."""
    doubted = any(ground.doubt is not None for ground in finding.grounds)
    return not doubted and all(one.gap in SPOKEN_FOR for one in finding.missing)


def _rule(finding: Finding, pack: Pack) -> str:
    grounds = [f"{words.cite(ground.rule)} ({ground.rule.id})" for ground in finding.deciding]
    gaps = [words.missing(one, pack, finding.kind) for one in finding.missing]
    return "; ".join(_unique([*grounds, *gaps]))


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
