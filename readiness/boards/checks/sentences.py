"""Sentences about checks at sites: declarations, states of the last month, missing verdicts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from readiness.assessment.evidence.models import Attestation
from readiness.boards.checks.queries import StripCell
from web.states import state
from web.units import format_value, how_many, instant, number
from web.visibility import name_of

NO_VERDICT = {
    "planned": "Planned sites have no verdict and no capacity: nothing is commissioned here yet.",
    "building": "Sites under construction have no verdict and no capacity until commissioning begins.",
    "retired": "Retired sites have no verdict.",
}


def no_verdict(stage: str) -> str:
    return NO_VERDICT.get(stage, "Not evaluated yet: the next evaluation gives the first verdict.")


def reliance_on_declarations(capped: int, measurable: int, *, sites: int = 0) -> str:
    if not measurable:
        return ""
    checks = f"{number(measurable)} blocking checks that ask for a measurement"
    if not capped:
        if measurable == 1:
            return "The 1 blocking check that asks for a measurement does not rest on a declaration."
        return f"None of the {checks} rests on a declaration."
    rest = "rests on a declaration" if capped == 1 else "rest on declarations"
    where = f", at {how_many(sites, 'site', 'sites')}" if sites else ""
    return f"{number(capped)} of {checks} {rest}{where}."


def waits_for(attestation: Attestation) -> str:
    return name_of(attestation.attester) or "a second person"


_OPEN = (
    ("fail", "fails", "fail"),
    ("stale", "is stale", "are stale"),
    ("unknown", "has no result", "have no result"),
    ("warn", "warns", "warn"),
)
_SIGNS = {"≥": "at least", "≤": "at most", ">": "more than", "<": "less than"}


def limit_words(text: str) -> str:
    """`at least 330 GB/s` for the limit `≥ 330 GB/s`; a range or a code stays as it is."""
    sign, _, rest = text.partition(" ")
    return f"{_SIGNS[sign]} {rest}" if sign in _SIGNS else text


def margin_words(margin: float | None, unit: str, limit: str) -> str:
    """`73 GB/s short`, `0.6 µs over`, `3.4 % to spare`; "" without a margin."""
    if margin is None:
        return ""
    amount = format_value(abs(margin), unit)
    if margin >= 0:
        return f"{amount} to spare" if margin else "at the limit"
    return f"{amount} {'over' if limit.startswith(('≤', '<')) else 'short'}"


def parts_summary(parts: Iterable[str]) -> str:
    """`2 fail, 1 warns`: how many sub-measures do not pass, by state."""
    counted = Counter(parts)
    return ", ".join(how_many(counted[each], one, many) for each, one, many in _OPEN if counted[each])


def strip_cells(cells: Sequence[StripCell]) -> list[dict[str, str]]:
    return [
        {"state": cell_state, "title": f"{instant(at)}: {state('check', cell_state).word}"}
        for at, cell_state in cells
    ]


def strip_label(cells: Sequence[StripCell]) -> str:
    counted = Counter(cell.state for cell in cells)
    if not counted:
        return "Not evaluated in the last 30 days"
    listed = ", ".join(
        f"{count} × {state('check', cell_state).word}" for cell_state, count in counted.items()
    )
    return f"The worst of each two days: {listed}"
