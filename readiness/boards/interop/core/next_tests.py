"""The tests to do next: pairs that are not proven, worst first, then those whose proof ends soon."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.assessment.evidence.core.interop import BETWEEN, PREFIX, End
from readiness.assessment.evidence.core.proving.interop import JudgedPair, PairStanding

SOON = timedelta(days=30)
"""A proof that ends within this time is tested again."""
WORST_FIRST = (
    PairStanding.FAILED,
    PairStanding.NOT_PROVEN,
    PairStanding.STALE,
    PairStanding.OTHER_VERSIONS,
    PairStanding.PROVEN,
)


@dataclass(frozen=True, slots=True)
class PairPlace:
    """A pair at a site, named by its slug. `capacity_kw` is deployed there; 0 where one vendor carries all traffic.
    `proven_until` is None if the pair is not proven."""

    slug: str
    site_name: str
    capacity_kw: float
    pair: JudgedPair
    proven_until: datetime | None


@dataclass(frozen=True, slots=True)
class NextTest:
    """`aspects` are to be tested. `without_version` is an end that no record can prove, because the inventory does not
    say what is deployed."""

    place: PairPlace
    aspects: Sequence[str]
    without_version: End | None

    @property
    def record(self) -> str:
        """The rows of a table to fill in, with the ends as they are deployed."""
        subject = BETWEEN.join("|".join(end_fields(end)) for end in self.place.pair.installed.ends)
        if any(character in subject for character in ',"'):
            subject = '"{}"'.format(subject.replace('"', '""'))
        rows = [f"{PREFIX}{aspect},,{subject}," for aspect in self.aspects]
        return "\n".join(["measure,value,subject,taken_at", *rows])


def end_fields(end: End) -> tuple[str, str, str, str]:
    return end.vendor, end.model, end.software, end.firmware


def proven_until(pair: JudgedPair, validity: timedelta) -> datetime | None:
    """When the proof of a pair ends; None if it is not proven."""
    if pair.standing is not PairStanding.PROVEN or pair.proof is None:
        return None
    return pair.proof.taken_at + validity


def missing_aspects(pair: JudgedPair) -> list[str]:
    """The aspects without a record that counts and passed."""
    passed = {aspect for aspect, outcome in pair.aspects.items() if outcome.passed}
    return [aspect for aspect in pair.installed.aspects if aspect not in passed]


def next_tests(places: Iterable[PairPlace], *, now: datetime) -> list[NextTest]:
    tests = []
    for place in places:
        pair, ends_at = place.pair, place.proven_until
        if ends_at is not None and ends_at > now + SOON:
            continue
        aspects = missing_aspects(pair) if ends_at is None else pair.installed.aspects
        unknown = next((end for end in pair.installed.ends if not end.is_known), None)
        tests.append(NextTest(place, aspects, unknown))
    return sorted(tests, key=_urgency)


def _urgency(test: NextTest) -> tuple[bool | int | float | str, ...]:
    place, pair = test.place, test.place.pair
    if place.proven_until is not None:
        return True, place.proven_until.timestamp(), place.slug, pair.installed.name
    return (
        False,
        place.capacity_kw == 0,
        not pair.installed.back_end_links,
        WORST_FIRST.index(pair.standing),
        -place.capacity_kw,
        place.slug,
        pair.installed.name,
    )
