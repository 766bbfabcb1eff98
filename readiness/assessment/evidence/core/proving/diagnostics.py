"""p1-accelerator-diag and p5-revalidation: which accelerators a diagnostic covered, and its findings.

A failed test stands until a newer run that includes the test passes on the accelerator, whatever the level of either
run. A diagnostic that names another accelerator than the inventory has in that place proves nothing about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inventory.catalogue import product_named, product_with_pci_id
from readiness.assessment.evidence.core.parsed import DEVICE_ID, FAILED_TEST, IDENTITIES, TEST, Figure
from readiness.assessment.evidence.core.parsers.dcgm_diag import ACCELERATOR, BADNESS, RUN
from readiness.assessment.evidence.core.proving.collectives import node_rates
from readiness.assessment.evidence.core.proving.values import (
    WHOLE_DEVICE,
    FloorValue,
    Proof,
    Proofs,
    Run,
    SiteParts,
    coverage,
    drop_missing,
    few,
    is_standing,
    is_valid,
    newest,
    proof_of,
    provenance_of,
)
from readiness.assessment.framework.core.definition import Check, SubMeasure
from readiness.assessment.framework.core.vocabulary import Change

QUICK = timedelta(hours=24)
UNNAMED = ""
"""Stands for the failed tests of a run that does not name them."""
type Place = tuple[int, int]
"""Node and number of an accelerator; the number is -1 for results about the node as a whole."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run at one place, with the severity of each failed test.

    `other` says that the output names another accelerator than the inventory; empty if they agree.
    """

    run: Run
    severity: float | None
    is_long: bool
    failed: Mapping[str, float]
    tests: frozenset[str]
    skipped: str
    other: str

    @property
    def order(self) -> tuple[bool, datetime, int]:
        return self.run.order

    def answers(self, test: str, earlier: Result) -> bool:
        if self.order <= earlier.order or self.severity is None or self.other:
            return False
        if test in (UNNAMED, RUN):
            return (
                not self.skipped
                and not self.severity
                and (self.is_long or (test == RUN and not earlier.is_long))
            )
        # A re-run of the failed test alone answers the failure, whatever else it skipped.
        return test in self.tests and test not in self.failed and test not in self.skipped_tests

    @property
    def skipped_tests(self) -> frozenset[str]:
        return frozenset(self.skipped.rstrip(".").partition(": ")[2].split(", "))


def accelerators(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proofs:
    """Each accelerator's newest long diagnostic, or a later failure. A quick diagnostic only counts for the quick
    check."""
    worst, quick = check.part("worst-severity"), check.part("quick-coverage")
    deciding: list[Proof | None] = []
    newest_long: dict[Place, Proof] = {}
    newest_any: dict[Place, Proof] = {}
    for place, results in _results(runs, site).items():
        name = f"{site.nodes.get(place[0], '')} GPU {place[1]}".strip()
        if place[1] < 0:
            deciding.append(_standing_failure(results, worst, site.nodes.get(place[0], ""), now))
            continue
        last = max(results, key=lambda result: result.order)
        own = [result for result in results if not result.other] if not last.other else [last]
        if quickest := newest([_proof(each, quick, name) for each in own], quick, now):
            newest_any[place] = quickest
        if longest := newest([_proof(each, worst, name) for each in own if each.is_long], worst, now):
            newest_long[place] = longest
        failure = _standing_failure(own, worst, name, now)
        other = _proof(last, worst, name) if last.other else None
        deciding.append(failure or other or newest_long.get(place))
    name_by_place = {each: f"{site.nodes.get(each[0], '')} GPU {each[1]}" for each in site.accelerators}
    return drop_missing(
        {
            "worst-severity": deciding,
            "coverage": [_covered(newest_long, name_by_place, check.part("coverage"), now)],
            "quick-coverage": [_covered(newest_any, name_by_place, quick, now)],
        }
    )


def _results(runs: Iterable[Run], site: SiteParts) -> dict[Place, list[Result]]:
    results: dict[Place, list[Result]] = defaultdict(list)
    nodes = {name.lower(): node for node, name in site.nodes.items()}
    for run in runs:
        if run.tool != "dcgm-diag":
            continue
        tests = frozenset(each.operation for each in run.figures if each.name == TEST)
        failed: dict[str, dict[str, float]] = defaultdict(dict)
        identities: dict[str, dict[str, str]] = defaultdict(dict)
        for figure in run.figures:
            if figure.name == FAILED_TEST:
                failed[figure.subject][figure.operation] = figure.value or 0.0
            elif figure.name in (*IDENTITIES, DEVICE_ID):
                identities[figure.subject][figure.name] = figure.variant
        for figure in run.figures:
            matched = ACCELERATOR.fullmatch(figure.subject) if figure.name == "severity" else None
            if matched is not None:
                place = (_node_of((matched[1] or "").lower(), run, nodes), int(matched[2]))
                reported = identities[figure.subject]
                other = run.doubt or _other(reported, place, site) or _unplaced(run, figure, place, site)
                result = _result(run, figure, failed, tests, other)
                is_named = not result.other and _is_known(reported, place, site)
                results[place].append(_place_result(result, place, is_named=is_named))
        for node in run.nodes or (0,):
            place = (node, WHOLE_DEVICE)
            if not run.mismatch:
                results[place].append(_place_result(_node_result(run, failed, tests), place))
    return results


def _node_of(host: str, run: Run, nodes: Mapping[str, int]) -> int:
    """The node that a host in the file is; of several hosts, an unknown one is no node."""
    alone = run.nodes[0] if len(run.nodes) == 1 and (not host or run.hosts <= 1) else 0
    return nodes.get(host) or nodes.get(host.partition(".")[0], alone)


def _result(
    run: Run, figure: Figure, failed: Mapping[str, Mapping[str, float]], tests: frozenset[str], other: str
) -> Result:
    severity = figure.value
    failed_tests = failed.get(figure.subject) or ({UNNAMED: severity} if severity else {})
    return Result(run, severity, figure.variant == "long", failed_tests, tests, figure.caution, other)


def _place_result(result: Result, place: Place, *, is_named: bool = False) -> Result:
    """A part replaced elsewhere in the run's nodes does not void the result of this place. Neither does the history of
    the place, if the output itself names the accelerator that is there now."""
    run, (node, number) = result.run, place
    stands: set[Change] = set()
    replaced = {each for each in run.replaced if each[0] == node and each[1] != WHOLE_DEVICE}
    if is_named or not (replaced if number == WHOLE_DEVICE else place in replaced):
        stands.add(Change.ACCELERATOR)
    if (node, WHOLE_DEVICE) not in run.replaced:
        stands.add(Change.DEVICE)
    return (
        replace(result, run=replace(run, void_changes=run.void_changes - stands)) if run.replaced else result
    )


def _node_result(run: Run, failed: Mapping[str, Mapping[str, float]], tests: frozenset[str]) -> Result:
    severities = [
        each.value
        for each in run.figures
        if each.name == "severity" and each.value is not None and not ACCELERATOR.fullmatch(each.subject)
    ]
    severity = max(severities, key=_badness, default=0.0)
    failed_tests: dict[str, float] = {}
    for subject, each in failed.items():
        if not ACCELERATOR.fullmatch(subject):
            failed_tests |= each
    failed_tests = failed_tests or ({UNNAMED: severity} if severity else {})
    long = any(each.name == "worst_severity" and each.variant == "long" for each in run.figures)
    long = long or any(each.name == "severity" and each.variant == "long" for each in run.figures)
    return Result(run, severity, long, failed_tests, tests, "", "")


def _unplaced(run: Run, figure: Figure, place: Place, site: SiteParts) -> str:
    """Say that a clean result is of none of several nodes; a finding stands, wherever it was."""
    if place[0] or len(run.nodes) < 2 or figure.value:
        return ""
    names = few([site.nodes.get(node, "a node") for node in run.nodes])
    return f"The diagnostic covers one node and names none, but {names} are named with it: it is unclear which ran."


def _is_known(reported: Mapping[str, str], place: Place, site: SiteParts) -> bool:
    identity = site.identities.get(place)
    return any(getattr(identity, name, "") and reported.get(name) for name in IDENTITIES)


def _other(reported: Mapping[str, str], place: Place, site: SiteParts) -> str:
    identity = site.identities.get(place)
    for name in IDENTITIES:
        reported_value, entered = reported.get(name, ""), getattr(identity, name, "")
        if reported_value and entered and reported_value.casefold() != entered.casefold():
            where = f"{site.nodes.get(place[0], '')} GPU {place[1]}".strip()
            what = "UUID" if name == "uuid" else "serial number"
            return (
                f"The diagnostic names {what} {reported_value} and the inventory {entered} for {where}: "
                "it proves nothing of that accelerator."
            )
    return _other_product(reported.get(DEVICE_ID, ""), identity.model if identity else "", place, site)


def _other_product(device_id: str, model: str, place: Place, site: SiteParts) -> str:
    if not device_id:
        return ""
    seen, installed = product_with_pci_id(device_id), product_named(model)
    if seen is None or installed is None or seen.pci_ids & installed.pci_ids or not installed.pci_ids:
        return ""
    where = f"{site.nodes.get(place[0], '')} GPU {place[1]}".strip()
    return (
        f"The diagnostic names device {device_id}, a {seen.name}, and the inventory {model} for {where}: "
        "it proves nothing of that accelerator."
    )


def _proof(result: Result, part: SubMeasure, name: str) -> Proof:
    return proof_of(
        result.run, part, result.severity, detail=name, cannot_judge=result.other or result.skipped
    )


def _standing_failure(results: Sequence[Result], part: SubMeasure, name: str, now: datetime) -> Proof | None:
    """The worst failed test without a newer pass; None if there is none."""
    counting = [each for each in results if is_standing(proof_of(each.run, part, None), part, now)]
    standing = [
        (severity, result, test)
        for result in counting
        if not result.other
        for test, severity in result.failed.items()
        if not any(later.answers(test, result) for later in counting)
    ]
    if not standing:
        return None
    severity, result, _ = max(standing, key=lambda each: (_badness(each[0]), each[1].order))
    alike = (test for worst, of_run, test in standing if of_run is result and worst == severity)
    tests = sorted({test for test in alike if test not in (UNNAMED, RUN)})
    where = f"{name}: {few(tests)}" if tests else name
    return proof_of(result.run, part, severity, detail=f"{where}, run {result.run.id}")


def _badness(severity: float) -> int:
    return BADNESS.get(int(severity), 0)


def _covered(
    proofs: Mapping[Place, Proof], name_by_place: Mapping[Place, str], part: SubMeasure, now: datetime
) -> Proof | None:
    counts = [place for place, proof in proofs.items() if is_valid(proof, part, now)]
    return coverage(proofs, name_by_place, part, now, counts=counts)


def revalidated(
    check: Check,
    diag: Check,
    intra: Check,
    runs: Sequence[Run],
    site: SiteParts,
    floors: Sequence[FloorValue],
    now: datetime,
) -> Proofs:
    """Nodes whose quick check passed within 24 h and whose full set passed within its validity. The full set is the
    long diagnostic and the collective inside the node. A warning counts as passed."""
    tools = ("dcgm-diag", "nccl-tests", "rccl-tests")
    validating = [run for run in runs if run.nodes and run.tool in tools and (run.failed or not run.doubt)]
    if not validating or not site.nodes:
        return {}
    quick, long = _passed(validating, diag, site, now)
    collective = _fast_enough(intra, validating, site, floors, now)
    current = quick & long & collective & set(site.nodes)
    missing = sorted(name for node, name in site.nodes.items() if node not in current)
    last = max(validating, key=lambda run: (run.taken_at, run.id))
    proof = Proof(
        kind="run",
        ref=f"run:{last.id}",
        value=100.0 * len(current) / len(site.nodes),
        taken_at=now,
        detail=f"without: {few(missing)}" if missing else "",
        provenance=provenance_of(run.provenance for run in validating),
        others=tuple(run.id for run in validating),
    )
    return drop_missing({check.part("nodes-current").id: [proof]})


def _passed(runs: Sequence[Run], diag: Check, site: SiteParts, now: datetime) -> tuple[set[int], set[int]]:
    part = diag.part("worst-severity")
    good = frozenset[float]().union(
        *(each.bound.values for each in (part.pass_at, part.warn_at) if each is not None and each.bound)
    )
    of_node: dict[int, dict[int, dict[int, Result]]] = defaultdict(lambda: defaultdict(dict))
    bad: set[int] = set()
    for (node, number), results in _results(runs, site).items():
        if (node, number) not in site.accelerators and number >= 0:
            continue
        failure = _standing_failure(results, part, "", now)
        if failure is not None and failure.value not in good:
            bad.add(node)
        for result in results:
            if is_standing(_proof(result, part, ""), part, now):
                of_node[node][result.run.id][number] = result
    quick: set[int] = set()
    long: set[int] = set()
    for node, by_run in of_node.items():
        if node in bad:
            continue
        numbers = {number for each, number in site.accelerators if each == node}
        standing = sorted(by_run.values(), key=lambda each: _run_of(each).order)
        recent = [each for each in standing if _run_of(each).taken_at >= now - QUICK]
        if recent and _is_clean(recent[-1], numbers, good):
            quick.add(node)
        longer = [each for each in standing if any(result.is_long for result in each.values())]
        if longer and _is_clean(longer[-1], numbers, good):
            long.add(node)
    return quick, long


def _run_of(results: Mapping[int, Result]) -> Run:
    return next(iter(results.values())).run


def _is_clean(results: Mapping[int, Result], numbers: set[int], good: frozenset[float]) -> bool:
    return numbers <= results.keys() and all(
        not each.skipped and not each.other and each.severity in good for each in results.values()
    )


def _fast_enough(
    intra: Check, runs: Sequence[Run], site: SiteParts, floors: Sequence[FloorValue], now: datetime
) -> set[int]:
    part = intra.part("busbw")
    threshold = part.warn_at or part.pass_at
    return {
        node
        for node, proof in node_rates(intra, runs, site, floors, now).items()
        if is_valid(proof, part, now)
        and not proof.failed
        and proof.floor is not None
        and (
            threshold is None or threshold.bound_for(part.direction, proof.floor).contains(proof.value or 0.0)
        )
    }
