"""The rules' answer about a workload's data at a site: one decision for each pair of the site's and its operator's
country, not for each site. Residency decides where a workload may run. Sovereignty, which concerns the operator's
owner, is only reported, and excludes a site only if a rule forbids: the rules do not combine both answers, and not
every operator is known.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from readiness.demand.jurisdiction.core.deciding import NO_FOOTING, Footing, LegalFinding, Request, decide
from readiness.demand.jurisdiction.core.pack import ORDER, LegalAnswer, RulePackDocument, UndecidedReason
from readiness.demand.jurisdiction.core.sentences import cite, missing, sentence
from readiness.demand.workloads.core.countries import COUNTRIES, WORLD, countries_of
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.moves.options import Jurisdiction, JurisdictionAnswer

SPOKEN_FOR = frozenset({UndecidedReason.UNKNOWN_ORIGIN, UndecidedReason.NO_RULE})
"""Gaps of the rules that the envelope may fill by naming the country."""
NO_PACK = "no pack of rules is in force"


@dataclass
class Laws:
    """Answers for one envelope on a day, each pair of countries decided once.

    `footing` is on record for the data; `data_origin` replaces it, and `bases` are added.
    """

    envelope: Envelope
    pack: RulePackDocument | None
    on: date
    data_origin: str = ""
    bases: frozenset[str] = frozenset()
    footing: Footing = NO_FOOTING
    _known: dict[tuple[str, str], Jurisdiction] = field(default_factory=dict)

    def jurisdiction(self, country: str, operator: str = "") -> Jurisdiction:
        key = (country, operator)
        if key not in self._known:
            self._known[key] = self._decided(country, operator)
        return self._known[key]

    def _decided(self, country: str, operator: str) -> Jurisdiction:
        residency = self.envelope.residency
        if residency:
            if country not in COUNTRIES:
                message = f"the country {country or 'of the site'} is not known"
                return Jurisdiction(JurisdictionAnswer.CANNOT_DECIDE, message)
            if country not in countries_of((residency,)):
                message = f"the residency that the envelope asks for ({residency})"
                return Jurisdiction(
                    JurisdictionAnswer.FORBIDDEN, message, text=f"The data has to stay in {residency}."
                )
        categories = frozenset(map(str, self.envelope.data_categories))
        if not categories:
            message = "The envelope names no kind of data, so no rule was applied."
            return Jurisdiction(JurisdictionAnswer.NOT_ASKED, "", text=message)
        if self.pack is None:
            undecided = Jurisdiction(
                JurisdictionAnswer.CANNOT_DECIDE, NO_PACK, text=f"{NO_PACK.capitalize()}."
            )
            return self._spoken(country, undecided, True)
        bases = self.bases | self.footing.bases_for(country)
        findings = [
            decide(self.pack, Request(origin, categories, country, operator, bases), self.on)
            for origin in self._origins
        ]
        strict = _strictest(finding.residency for finding in findings)
        sovereign = _strictest(finding.sovereignty for finding in findings)
        law = Jurisdiction(
            JurisdictionAnswer(strict.answer),
            _rule(strict, self.pack),
            JurisdictionAnswer(sovereign.answer),
            _rule(sovereign, self.pack),
            sentence(strict, self.pack),
            _ids(strict),
            *self._told_of_operator([finding.sovereignty for finding in findings]),
        )
        alike = (finding.residency for finding in findings if finding.residency.answer == strict.answer)
        return self._spoken(country, law, all(map(_only_gaps, alike)))

    def _told_of_operator(self, findings: list[LegalFinding]) -> tuple[str, tuple[str, ...]]:
        """Return the rules' answers by the law of each origin, in words and as ids: an undecided one hides no other."""
        assert self.pack is not None
        limiting = [finding for finding in findings if finding.answer != LegalAnswer.ALLOWED] or findings
        sentences = _unique(sentence(finding, self.pack) for finding in limiting)
        return " ".join(sentences), tuple(_unique(rule for finding in limiting for rule in _ids(finding)))

    def _spoken(self, country: str, law: Jurisdiction, only_gaps: bool) -> Jurisdiction:
        """Let an envelope that names the country answer where the rules do not. WORLD names no country."""
        allowed_countries = countries_of(self.envelope.allowed - {WORLD}) - countries_of(
            self.envelope.forbidden
        )
        if (
            law.answer is not JurisdictionAnswer.CANNOT_DECIDE
            or not only_gaps
            or country not in allowed_countries
        ):
            return law
        text = f"The envelope allows {country}, and the rules give no answer: {law.rule}."
        return replace(law, answer=JurisdictionAnswer.DECLARED, text=text)

    @property
    def _origins(self) -> list[str]:
        """Countries whose law applies: as requested, else on record, else the residency. A group has one for each set
        of rules."""
        if self.data_origin or self.pack is None:
            return [self.data_origin]
        if self.footing.origins:
            return sorted(self.footing.origins)
        if self.envelope.residency in ("", WORLD):
            return [""]
        return representatives(countries_of((self.envelope.residency,)), self.pack, self.on)


def representatives(countries: Collection[str], pack: RulePackDocument, on: date) -> list[str]:
    by_rules: dict[frozenset[str], str] = {}
    for country in sorted(countries):
        about = frozenset(rule.id for rule in pack.rules if pack.among(country, rule.origins, on))
        by_rules.setdefault(about, country)
    return list(by_rules.values())


def _strictest(findings: Iterable[LegalFinding]) -> LegalFinding:
    return max(findings, key=lambda finding: ORDER.index(finding.answer))


def _ids(finding: LegalFinding) -> tuple[str, ...]:
    return tuple(ground.rule.id for ground in finding.deciding)


def _only_gaps(finding: LegalFinding) -> bool:
    doubted = any(ground.doubt is not None for ground in finding.grounds)
    return not doubted and all(gap.gap in SPOKEN_FOR for gap in finding.missing)


def _rule(finding: LegalFinding, pack: RulePackDocument) -> str:
    grounds = [f"{cite(ground.rule)} ({ground.rule.id})" for ground in finding.deciding]
    gaps = [missing(gap, pack) for gap in finding.missing]
    return "; ".join(_unique([*grounds, *gaps]))


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
