"""May the site carry production load, and which checks decide it.

A waiver lifts nothing here. A signed, dated go-live exception takes a BLOCK check out of the way, and the
verdict is then at best `conditional` and says so. So it is where a BLOCK check rests on a declaration while the
framework asks for a measurement. However high the score, it does not enter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.grants.core.held import HeldGrant
from readiness.scoring.core.combine import ACCEPTABLE, CombinedCheck
from readiness.scoring.core.states import CheckState, Gate, Stage, Tier, Verdict

STAGES_WITH_VERDICT = frozenset({Stage.COMMISSIONING, Stage.PRODUCTION})


@dataclass(frozen=True, slots=True)
class SiteVerdict:
    """`verdict` None: the stage has none. `deciding` are the ids that hold it, first blocker first.

    `excepted` are BLOCK checks lifted by an exception in force. `ends_at` is when the first of those ends. `capped` are
    BLOCK checks that hold and are declared where a measurement is asked for.
    """

    verdict: Verdict | None
    reason: str
    deciding: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    ends_at: datetime | None = None
    capped: tuple[str, ...] = ()

    @property
    def first_blocker(self) -> str:
        """The check that holds a not-ready site back and comes first by (pillar, id); empty if none does."""
        return self.blocking[0] if self.blocking else ""


def decide(
    results: Sequence[CombinedCheck],
    *,
    stage: Stage,
    exceptions: Mapping[str, HeldGrant] | None = None,
    now: datetime,
) -> SiteVerdict:
    """The verdict from check results and the go-live exceptions by check id."""
    if stage not in STAGES_WITH_VERDICT:
        return SiteVerdict(None, f"A site in stage {stage} has no verdict.")
    live = {key: grant for key, grant in (exceptions or {}).items() if grant.is_live(now)}
    held = _ordered(result for result in results if _holds(result.block_state))
    blocking = tuple(check_id for check_id in held if check_id not in live)
    excepted = tuple(check_id for check_id in held if check_id in live)
    conditional = _ordered(result for result in results if _holds(result.cond_state))
    capped = _ordered(
        result for result in results if result.gate is Gate.BLOCK and result.tier is Tier.CAPPED
    )
    ends_at = min((live[check_id].ends_at for check_id in excepted), default=None)
    if blocking:
        reason = f"Held by {_names(blocking)}."
        return SiteVerdict(
            Verdict.NOT_READY, reason, blocking, blocking, conditional, excepted, ends_at, capped
        )
    if not any(result.block_state or result.cond_state for result in results):
        return SiteVerdict(Verdict.NOT_READY, "No check applies, so nothing proves the site.")
    if excepted or conditional or capped:
        deciding = tuple(dict.fromkeys(excepted + conditional + capped))
        reason = _conditional_reason(excepted, conditional, capped)
        return SiteVerdict(Verdict.CONDITIONAL, reason, deciding, (), conditional, excepted, ends_at, capped)
    return SiteVerdict(Verdict.READY, "Every BLOCK and COND check holds.")


def _holds(state: CheckState | None) -> bool:
    return state is not None and state not in ACCEPTABLE


def _ordered(results: Iterable[CombinedCheck]) -> tuple[str, ...]:
    return tuple(
        result.check_id for result in sorted(results, key=lambda result: (result.pillar, result.check_id))
    )


def _conditional_reason(
    excepted: tuple[str, ...], conditional: tuple[str, ...], capped: tuple[str, ...]
) -> str:
    sentences = []
    if excepted:
        sentences.append(f"A signed exception lifts {_names(excepted)}.")
    if conditional:
        sentences.append(f"Open: {_names(conditional)}.")
    if capped:
        sentences.append(f"Declared, not measured: {_names(capped)}.")
    return " ".join(sentences)


def _names(check_ids: tuple[str, ...]) -> str:
    """The first three, and how many more."""
    shown = ", ".join(check_ids[:3])
    more = len(check_ids) - 3
    return f"{shown} and {more} more" if more > 0 else shown
