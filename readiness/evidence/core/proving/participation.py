"""Which accelerators took part in a collective, against those that are in service at its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from readiness.evidence.core.parsed import RANKS
from readiness.evidence.core.proving.values import Run, SiteParts, few


@dataclass(frozen=True, slots=True)
class Participation:
    """`shares` are of each node's accelerators, 0 to 1; `lacking` says what was left out, empty where all took part."""

    shares: Mapping[int, float]
    lacking: str = ""


def participation(run: Run, site: SiteParts) -> Participation:
    """Compare the accelerators that took part with the inventory; a node without any there lacks none."""
    installed = Counter(node for node, _ in site.accelerators if node in run.nodes)
    ran = _ran(run, site)
    if ran is None:
        return _by_total(run, site, installed)
    shares = {node: _share(ran[node], installed[node]) for node in run.nodes}
    lacking = [
        f"{ran[node]} of {installed[node]} of {site.nodes.get(node, 'a node')}"
        for node in run.nodes
        if shares[node] < 1
    ]
    return Participation(shares, f"Not all accelerators took part: {few(lacking)}." if lacking else "")


def _ran(run: Run, site: SiteParts) -> dict[int, int] | None:
    """Accelerators of each node that ran; None where the run's hosts are not its nodes by name."""
    of_host: Counter[str] = Counter()
    for figure in run.figures:
        if figure.name == RANKS and figure.subject:
            of_host[figure.subject.lower()] += int(figure.value or 0)
    nodes = {site.nodes[node].lower(): node for node in run.nodes if node in site.nodes}
    counted: dict[int, int] = dict.fromkeys(run.nodes, 0)
    named = set()
    for host, count in of_host.items():
        node = nodes.get(host, nodes.get(host.partition(".")[0]))
        if node is not None:
            counted[node] += count
            named.add(node)
    return counted if named and named == set(nodes.values()) else None


def _by_total(run: Run, site: SiteParts, installed: Counter[int]) -> Participation:
    """The run tells how many took part, and not at which node; or not even that."""
    ran, there = run.ranks, installed.total()
    if there <= 1:
        return Participation(dict.fromkeys(run.nodes, 1.0))
    if ran is None:
        text = "The output does not say how many accelerators took part."
        return Participation(dict.fromkeys(run.nodes, 0.0), text)
    share = _share(ran, there)
    names = few([site.nodes[node] for node in run.nodes if node in site.nodes])
    text = f"Not all accelerators took part: {ran} of {there} of {names}." if share < 1 else ""
    return Participation(dict.fromkeys(run.nodes, share), text)


def _share(ran: int, installed: int) -> float:
    return min(ran / installed, 1.0) if installed else 1.0
