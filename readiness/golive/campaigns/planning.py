"""Which runs the checks of a framework ask for. No database; what there is to run on is counted elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from readiness.framework.core.applicability import applicable, gate_for, part_gate
from readiness.framework.core.conditions import SiteContext
from readiness.framework.core.definition import Check, Framework
from readiness.framework.core.vocabulary import EvidenceKind, Gate
from web import yaml_documents

DATA = Path(__file__).resolve().parent / "data" / "setups.yaml"


class RunTarget(StrEnum):
    """The things that runs are made on."""

    SITE = "site"
    NODE = "node"
    PAIR = "pair"
    PORT = "port"
    PATH = "path"
    FABRIC = "fabric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One way to run a tool. `repeats` is of each target; `how` says what no other field does."""

    parts: tuple[str, ...]
    tool: str
    scope: str
    targets: RunTarget
    load: str = ""
    size_bytes: int | None = None
    repeats: int = 1
    how: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A setup at a site, for a check that applies there; `gate` is the check's at the site."""

    check: Check
    gate: Gate
    setup: Setup


@cache
def setups() -> Mapping[str, tuple[Setup, ...]]:
    """The setups of each check that has any, of `data/setups.yaml`."""
    stated = yaml_documents.read(DATA.read_text(encoding="utf-8"))
    return {
        check_id: tuple(
            Setup(**setup | {"parts": tuple(setup["parts"]), "targets": RunTarget(setup["targets"])})
            for setup in of_check
        )
        for check_id, of_check in stated.items()
    }


def plan(framework: Framework, site: SiteContext) -> tuple[Planned, ...]:
    """Plan the runs that prove, at this site, every check that runs prove, in the framework's order.

    Sub-measures that decide nothing are left out. One that has no setup of its own is proved by a table that names it.
    """
    planned: list[Planned] = []
    for check in framework.checks:
        if applicable(check, site)[0]:
            gate = gate_for(check, site)
            wanted = _proved_by_runs(check, gate, site)
            planned += [Planned(check, gate, setup) for setup in _setups(check, wanted)]
    return tuple(planned)


def parts_by_runs(check: Check) -> tuple[str, ...]:
    """The sub-measures of a check that a run may prove."""
    return tuple(part.id for part in check.parts if EvidenceKind.VALIDATION_RUN in part.evidence)


def _proved_by_runs(check: Check, gate: Gate, site: SiteContext) -> list[str]:
    of_runs = set(parts_by_runs(check))
    return [
        part.id
        for part in check.parts
        if part.id in of_runs
        and applicable(part, site)[0]
        and (part_gate(part, gate) is not Gate.INFO or gate is Gate.INFO)
    ]


def _setups(check: Check, wanted: list[str]) -> Iterable[Setup]:
    left = list(wanted)
    for setup in setups().get(check.id, ()):
        parts = tuple(part for part in setup.parts if part in wanted)
        if parts:
            left = [part for part in left if part not in parts]
            yield replace(setup, parts=parts)
    if left:
        columns = ", ".join(f"{check.id}/{part}" for part in left[:3])
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        yield Setup(
            parts=tuple(left),
            tool="csv",
            scope="site",
            targets=RunTarget.SITE,
            how=f"A table with the measures {columns}{more}.",
        )
