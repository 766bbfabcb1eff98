"""Sentences about pairs: on a line of the drawing, and for the next test."""

from collections.abc import Sequence
from datetime import datetime

from readiness.assessment.evidence.core.proving.interop import JudgedPair, PairStanding
from readiness.boards.interop.core.next_tests import NextTest, missing_aspects
from readiness.boards.interop.queries import FleetPair
from web.states import STATES
from web.units import day, how_many

ASPECT_WORDS = {
    "link-fec": "link and FEC",
    "incast": "incast",
    "failover": "failover",
    "telemetry": "telemetry",
}


def aspects_words(aspects: Sequence[str]) -> str:
    words = [ASPECT_WORDS[aspect] for aspect in aspects]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def products(pair: FleetPair | JudgedPair) -> str:
    return " – ".join(f"{end.vendor} {end.model}" for end in pair.installed.ends)


def standing_word(standing: PairStanding) -> str:
    return str(STATES["interop"][standing.value].word)


def fleet_label(pair: FleetPair) -> str:
    """Short enough for a line between two columns."""
    places = len(pair.places)
    if pair.standing is PairStanding.PROVEN:
        return f"proven until {day(pair.proven_until)}" if pair.proven_until else "proven"
    word = standing_word(pair.standing).lower()
    if places == 1:
        return f"{word} at {pair.worst_site.name}"
    open_at = sum(each.standing is not PairStanding.PROVEN for _site, each in pair.places)
    return f"{word}: {open_at} of {how_many(places, 'site', 'sites')}"


def site_label(pair: JudgedPair, proven_until: datetime | None) -> str:
    if proven_until is not None:
        return f"proven until {day(proven_until)}"
    word = standing_word(pair.standing).lower()
    if pair.standing is PairStanding.FAILED:
        failed = [aspect for aspect, outcome in pair.aspects.items() if not outcome.passed]
        return f"{word}: {aspects_words(failed)}"
    missing_names = missing_aspects(pair)
    if pair.standing is PairStanding.NOT_PROVEN and len(missing_names) < len(pair.installed.aspects):
        return f"not tested: {aspects_words(missing_names)}"
    return word


def line_words(pair: FleetPair | JudgedPair, label: str) -> str:
    """A line in full: the products at their versions, the standing and the links."""
    links = how_many(pair.installed.links, "link", "links")
    back_end = " of the back-end fabric" if pair.installed.back_end_links else ""
    return f"{pair.installed.name}: {label}, {links}{back_end}. {pair.reason}"


def task(test: NextTest) -> str:
    """Say what is to be done, such as "Test failover and telemetry." """
    if test.without_version is not None:
        end = test.without_version
        return f"Enter the version of {end.vendor} {end.model} in the inventory, then test the pair."
    again = " again" if test.place.pair.proof is not None else ""
    return f"Test {aspects_words(test.aspects)}{again}."


def why(test: NextTest) -> str:
    if test.place.proven_until is not None:
        return f"The proof ends on {day(test.place.proven_until)}."
    return test.place.pair.reason


def drawing_finding(pairs: Sequence[FleetPair | JudgedPair]) -> str:
    proven = sum(pair.standing is PairStanding.PROVEN for pair in pairs)
    return f"{proven} of {how_many(len(pairs), 'pair', 'pairs')} proven together at the deployed versions"
