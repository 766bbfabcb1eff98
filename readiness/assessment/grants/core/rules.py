"""A grant as scoring uses it, and the rules for granting: which kind suits which check, and how many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.framework.core.vocabulary import CheckState, Gate


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A dated decision: a waiver, a declared `n-a` or a go-live exception. It counts from `starts_at` up to, but not
    including, `ends_at`, and only if somebody other than the requester approved it."""

    id: str
    reason: str
    requested_by: str
    approved_by: str
    starts_at: datetime
    ends_at: datetime

    def is_live(self, now: datetime) -> bool:
        approved = bool(self.approved_by) and self.approved_by != self.requested_by
        return approved and self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class SiteGrants:
    """The grants of a site by check id; a declared n-a of a sub-measure by `check/part`."""

    waivers: Mapping[str, HeldGrant] = field(default_factory=dict)
    exceptions: Mapping[str, HeldGrant] = field(default_factory=dict)
    declared_na: Mapping[str, HeldGrant] = field(default_factory=dict)

    def dates(self) -> Iterator[datetime]:
        """The instants at which grants begin and end."""
        for each in (self.waivers, self.exceptions, self.declared_na):
            for grant in each.values():
                yield from (grant.starts_at, grant.ends_at)


NO_GRANTS = SiteGrants()
MOST_WAIVERS = 10
"""Largest number of live waivers of one site. Operator-set default: about a fifth of the checks. A site that needs more
is not ready.
"""
WAIVER, EXCEPTION, DECLARED_NA = "waiver", "exception", "n-a"


class NotGrantable(ValueError):
    """`field` is the wrong part of the request, `reason` a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def check_of(framework: Framework, check_id: str) -> Check:
    check = framework.checks_by_id.get(check_id)
    if check is None:
        raise NotGrantable("check", f"{framework.version} has no check {check_id}.")
    return check


def refuse_unsuitable(kind: str, check: Check, part: str, *, gate: Gate, excluded: bool) -> None:
    """Raise NotGrantable if the grant would have no effect, or more than the definition allows. `gate` is the check's
    gate at this site; `excluded` says that the check does not apply there anyway."""
    if excluded:
        raise NotGrantable("check", f"{check.id} does not apply at this site, so there is nothing to grant.")
    if kind == WAIVER:
        _refuse_waiver(check, gate)
    elif kind == EXCEPTION and gate is not Gate.BLOCK:
        raise NotGrantable(
            "kind", f"An exception lifts a BLOCK check; {check.id} is {gate} at this site. Request a waiver."
        )
    elif kind == DECLARED_NA:
        _refuse_not_applicable(check, part)


def _refuse_waiver(check: Check, gate: Gate) -> None:
    if gate is Gate.INFO:
        raise NotGrantable(
            "check", f"{check.id} is INFO at this site: it does not decide a verdict, so it cannot be waived."
        )
    if CheckState.WAIVED not in check.states:
        raise NotGrantable("check", f"The framework does not let {check.id} be waived.")


def _refuse_not_applicable(check: Check, part: str) -> None:
    may_be_without = CheckState.NOT_APPLICABLE in check.states
    if part and part not in {each.id for each in check.parts}:
        raise NotGrantable("part", f"{check.id} has no sub-measure {part}.")
    if not may_be_without and (not part or len(check.parts) == 1):
        raise NotGrantable("check", f"{check.id} applies everywhere, so it cannot be declared n-a.")
