"""Sentences about shifts that would make one person two."""

from collections.abc import Sequence

from readiness.organisation.people.core.doubles import DoubleDuty, WrittenShift
from readiness.organisation.people.models import Level, Person, Rotation
from web.units import instant
from web.visibility import name_of

A_FEW = 3


def double_sentences(doubles: Sequence[DoubleDuty]) -> list[str]:
    """The first few, with both shifts. A rotation that the reader does not see is not named. Two statements."""
    first = sorted(doubles, key=lambda double: double.starts_at)[:A_FEW]
    people = Person.objects.in_bulk({double.person for double in first})
    ids = {shift.rotation for double in first for shift in (double.first, double.second)}
    rotations = {pk: str(rotation) for pk, rotation in Rotation.objects.in_bulk(ids).items()}

    def words(shift: WrittenShift) -> str:
        rotation = rotations.get(shift.rotation, "a rotation that you do not see")
        level = Level(shift.level).label.lower()
        return f"{level} of {rotation} from {instant(shift.starts_at)} to {instant(shift.ends_at)}"

    return [
        f"{name_of(people.get(double.person))} is {words(double.first)}, and cannot be {words(double.second)} too."
        f" Choose somebody else for one of them."
        for double in first
    ]
