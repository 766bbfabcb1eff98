"""Voiding what was proved of an accelerator in whose place another one is, or was for a time.

A run keeps which accelerators it was on, by device and number; this compares them with what the change history knows of
the place. One whose serial number or UUID was not known then, or is not later, is taken for the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from inventory.models import Accelerator
from readiness.evidence.changes import Change, IdentityStep, identity_steps
from readiness.evidence.ground import IDENTITIES, Identities, Place
from readiness.evidence.models import ValidationRun


def void_replaced(runs: Iterable[ValidationRun], *, now: datetime) -> int:
    """Void the runs that were on an accelerator in whose place another one was since; returns how many.

    Statements are constant.
    """
    kept = [(run, _kept(run)) for run in runs if run.basis.get(IDENTITIES)]
    if not kept:
        return 0
    history = identity_steps({device for _, identities in kept for device, _number in identities})
    replaced = {
        run: {
            place: step
            for place, before in identities.items()
            if (step := _replacement(before, history.get(place, ()), run.recorded_at)) is not None
        }
        for run, identities in kept
    }
    new = {run: sorted(places.keys() - _voided(run)) for run, places in replaced.items()}
    changed = [run for run, places in new.items() if places]
    if not changed:
        return 0
    names = _names({device for run in changed for device, _number in new[run]})
    for run in changed:
        replacements = {
            place: _account_of(place, replaced[run][place], history[place][-1], names, now)
            for place in new[run]
        }
        _void(run, new[run], replacements)
    ValidationRun.objects.bulk_update(changed, ["void_changes", "voids", "voided_at", "void_reason"])
    return len(changed)


def _replacement(
    before: Sequence[str], steps: Sequence[IdentityStep], since: datetime
) -> IdentityStep | None:
    """The first other accelerator since the run was entered, put back or not; by a clock that is ahead, the last."""
    other = [step for step in steps if _differs(before, step.identity)]
    first = next((step for step in other if step.at > since), None)
    return first or (steps[-1] if other and other[-1] is steps[-1] else None)


def _kept(run: ValidationRun) -> Identities:
    return {
        (int(device), int(number)): tuple(identity)
        for device, numbers in run.basis[IDENTITIES].items()
        for number, identity in numbers.items()
    }


def _differs(before: Sequence[str], after: Sequence[str] | None) -> bool:
    """Whether serial number or UUID, where both are known, are not the same."""
    pairs = zip(before, after or (), strict=False)
    return any(was and there and was.casefold() != there.casefold() for was, there in pairs)


def _voided(run: ValidationRun) -> set[Place]:
    places = run.voids.get(Change.ACCELERATOR.value, {}).get("places", {})
    parted = [place.partition(":") for place in places]
    return {(int(device), int(number)) for device, _, number in parted}


def _names(devices: Collection[int]) -> dict[int, str]:
    return dict(
        Accelerator.objects.filter(device_id__in=devices).values_list("device_id", "device__name").distinct()
    )


def _account_of(
    place: Place, step: IdentityStep, last: IdentityStep, names: dict[int, str], now: datetime
) -> tuple[datetime, str]:
    """When it was replaced, and what happened, as the change history knows it."""
    device, number = place
    made = step.made()
    became = "is another accelerator" if step is last else "was another accelerator for a time"
    what = f"{names.get(device, 'a node')} GPU {number} {became}: {made.what}{made.when()}"
    # The history's clock may be ahead of `now`: what is seen now was not made later.
    return min(step.at, now), what


def _void(
    run: ValidationRun, places: Sequence[Place], replacements: dict[Place, tuple[datetime, str]]
) -> None:
    kind = Change.ACCELERATOR.value
    entry: dict[str, Any] = run.voids.get(kind, {"at": "", "reason": "", "places": {}})
    reasons: dict[str, None] = dict.fromkeys([run.void_reason] if run.void_reason else [])
    for place in places:
        at, reason = replacements[place]
        entry["places"][f"{place[0]}:{place[1]}"] = at.isoformat()
        entry["at"] = min(filter(None, [entry["at"], at.isoformat()]))
        entry["reason"] = f"{entry['reason']} {reason}".strip()[:4000]
        reasons[reason] = None
        run.voided_at = min(filter(None, [run.voided_at, at]))
    run.voids = {**run.voids, kind: entry}
    run.void_changes = sorted({*run.void_changes, kind})
    run.void_reason = " ".join(reasons)[:4000]


def by_device(identities: Identities) -> dict[str, dict[str, list[str]]]:
    """Group the identities by device and number, in the form that a run's basis stores."""
    numbers_by_device: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for (device, number), identity in sorted(identities.items()):
        numbers_by_device[str(device)][str(number)] = list(identity)
    return dict(numbers_by_device)
