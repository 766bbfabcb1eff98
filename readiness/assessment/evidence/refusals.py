"""Reasons why evidence is refused, in words for the sender. Sub-measures are looked up by name in the framework in
force, and values are converted to their units."""

from datetime import timedelta

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence.core.bearing import part_named
from readiness.assessment.evidence.core.parsed import converted
from readiness.assessment.framework.core.definition import Check, Framework, LimitKind, SubMeasure
from web.versioned.core.documents import LARGEST

OLDEST = timedelta(days=366 * 20)
"""An older date comes from a clock that was never set."""


class EvidenceRefused(ValueError):
    """`field` names the wrong field of the input, `reason` is a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class FileTooLarge(EvidenceRefused):
    """The file is larger than the limit."""


class SameFile(EvidenceRefused):
    """The file is already a run; `run_id` names it if the reader may see it."""

    def __init__(self, field: str, reason: str, run_id: int | None) -> None:
        super().__init__(field, reason)
        self.run_id = run_id


def refuse_retired(site: Site) -> None:
    """A retired site takes no new evidence, because it has no verdict."""
    if site.stage == Site.Stage.RETIRED:
        raise EvidenceRefused("site", f"{site.name} is retired.")


def refuse_attester(attester: User | None, attested_by: str, by: User | None) -> None:
    if attester is None:
        if not attested_by.strip():
            raise EvidenceRefused("attested_by", "Name the person who attests it, or choose their account.")
    elif by is not None and attester.pk == by.pk:
        raise EvidenceRefused(
            "attester",
            "You enter this yourself: leave the account empty and write your name. A second person then confirms it.",
        )
    elif not attester.is_active:
        raise EvidenceRefused("attester", "This account cannot sign in, so it could never confirm.")


BELOW_ZERO = frozenset({"°C", "MB/h", "points", "%"})
"""Units of temperatures, slopes and differences. Counts, rates, spans and ratios are not below zero; where less is
better, a stray minus sign would otherwise pass any limit."""


def check_named(framework: Framework, check_id: str) -> Check:
    check = framework.checks_by_id.get(check_id)
    if check is None:
        raise EvidenceRefused("check", f"There is no check {check_id!r}.")
    return check


def part_of(framework: Framework, check_id: str, part_id: str) -> SubMeasure:
    check = check_named(framework, check_id)
    try:
        return check.part(part_id)
    except KeyError:
        part_ids = ", ".join(part.id for part in check.parts)
        raise EvidenceRefused(
            "part", f"{check_id} has no sub-measure {part_id!r}; there are {part_ids}."
        ) from None


def refuse_live(part: SubMeasure) -> None:
    """Raise EvidenceRefused for a sub-measure that counts only live: a value for a day would never count."""
    if part.validity.is_live:
        raise EvidenceRefused(
            "part",
            f"{part.name} counts only while it is live, for minutes after it was measured, and a value of a day never"
            " would. Send it as telemetry; where a site cannot, have the sub-measure declared n-a with a reason and an"
            " approver.",
        )


def value_in_unit(part: SubMeasure, value: float, unit: str) -> float:
    """The value in the sub-measure's unit; an empty unit means that unit. Raises EvidenceRefused for another kind of
    unit, a value that is too large, or one below zero where that is impossible."""
    own_value = _checked_value(part.name, part.unit, value, unit)
    if own_value < 0 and part.unit not in BELOW_ZERO and not _is_judged_below_zero(part):
        raise EvidenceRefused("value", f"{part.name} is never below zero.")
    return own_value


def _is_judged_below_zero(part: SubMeasure) -> bool:
    bounds = [threshold.bound for threshold in (part.pass_at, part.warn_at) if threshold and threshold.bound]
    return any(
        edge is not None and edge < 0 for bound in bounds for edge in (bound.low, bound.high, *bound.values)
    )


def limit_in_unit(kind: LimitKind, value: float, unit: str) -> float:
    return _checked_value(kind.name, kind.unit, value, unit)


def _checked_value(name: str, own: str, value: float, unit: str) -> float:
    own_value = converted(value, unit or own, own)
    if own_value is None and converted(1.0, unit, own) is None:
        expected = f"a value in {own}" if own else "a number without a unit"
        raise EvidenceRefused("unit", f"{name} is {expected}; {unit!r} cannot be converted to it.")
    if own_value is None or not abs(own_value) <= LARGEST:
        most = f"{LARGEST:.0e} {own}".rstrip()
        raise EvidenceRefused("value", f"{name} is a finite number, {most} at most.")
    return own_value


def refuse_unknown_parts(framework: Framework, figures: list[tuple[str, float | None, str]]) -> None:
    for name, value, unit in figures:
        part_key = part_named(name)
        if part_key is not None and value is not None:
            part = part_of(framework, *part_key)
            refuse_live(part)
            value_in_unit(part, value, unit)
