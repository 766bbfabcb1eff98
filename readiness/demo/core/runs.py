"""A plan of the test runs that the demo's sites keep: which tool wrote which file at which instant.

Pure and deterministic: a figure depends on the data files, the site, the tested thing and the round.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from readiness.assessment.evidence.core.interop import ASPECTS, BETWEEN, PREFIX
from readiness.demo.core import outputs
from readiness.demo.core.noise import wobble
from readiness.demo.core.plan import PlannedNode, SitePlan, book
from readiness.demo.core.records import limits, share, stated
from readiness.demo.core.soak import Row, soak_rows

REPEATS = 20
"""A latency needs this many repeats to be evidence, idle and loaded each."""
LARGE_NODE = 8
"""A node with so many accelerators serves the largest model of its class."""
NIGHT = timedelta(hours=2, minutes=30)
"""Local time of the quick check; a round begins an hour and a half before it."""
type Day = Callable[[int], datetime]
"""The start of the day that lies this many days before the loading, in the site's time zone."""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """`nodes` are the names of the nodes that the run was on."""

    tool: str
    file_name: str
    content: bytes = field(repr=False)
    taken_at: datetime
    nodes: tuple[str, ...]
    load: str = ""
    load_gbps: float | None = None
    note: str = ""


def rounds(site: SitePlan, day: Day, *, first: int, last: int) -> tuple[DemoRun, ...]:
    run_book = book("runs")
    since = run_book["since"].get(site.name)
    if since is None:
        return ()
    return tuple(
        run
        for age in range(since, last - 1, -run_book["every"])
        if age <= first
        for run in _Round(site, run_book, age, day(age)).runs(
            has_soak=(since - age) % run_book["soak_every"] == 0,
            has_incast=(since - age) % run_book["incast_every"] == 0,
            has_interop=(since - age) % run_book["interop_every"] == 0,
        )
    )


def quick_checks(site: SitePlan, times: Collection[datetime], *, since: datetime) -> tuple[DemoRun, ...]:
    nodes = tuple(node.name for node in site.nodes)
    return tuple(
        DemoRun(
            "dcgm-diag",
            f"mndiag-{at:%Y%m%d-%H%M}.json",
            outputs.quick_check(hosts=nodes, gpus=site.node_type.count, run=f"{site.name} {at.isoformat()}"),
            at,
            nodes,
        )
        for at in sorted(times)
        if at >= since
    )


def last_check(day: Day, age: int, at: datetime) -> datetime:
    """The night of that day, or the night before if it lies after `at`, an instant of that day."""
    return max(night for night in (day(age) + NIGHT, day(age + 1) + NIGHT) if night <= at)


def interop_test(site: SitePlan, at: datetime) -> DemoRun:
    """Every leaf with every spine above it passes each test; the bit errors of its link are the raw figures."""
    links = [(leaf.name, port, spine) for leaf in site.switches for port, spine, _ in leaf.links]
    raw: list[Row] = [
        (
            at,
            "pre_fec_bit_errors",
            round(4e-9 * (1 + 0.5 * wobble(f"{leaf}/{port}")), 10),
            "",
            f"{leaf} {port}",
        )
        for leaf, port, _ in links
    ]
    records: list[Row] = [
        (at, f"{PREFIX}{aspect}", 1.0, "", f"{leaf}{BETWEEN}{spine}")
        for leaf, _, spine in links
        for aspect in ASPECTS
        # Flow control of InfiniBand uses credits.
        if aspect != "incast" or site.fabric.kind != "infiniband"
    ]
    switches = tuple(dict.fromkeys(name for leaf, _, spine in links for name in (leaf, spine)))
    content = outputs.table(tool="interoperability test 3.2", rows=[*raw, *records])
    return DemoRun("csv", "interop.csv", content, at, switches)


def failed_soak(site: SitePlan, at: datetime, *, flaps: int) -> DemoRun:
    """A soak whose last hours saw link flaps that nobody explained."""
    rows = soak_rows(
        at, name=site.name, busbw=470.0, inlet=21.0, ttft_ms=0.0, drift=0.0, slope=0.4, flaps=flaps
    )
    content = outputs.table(tool="soak test 2.1", rows=list(rows))
    return DemoRun("csv", "soak.csv", content, at, tuple(node.name for node in site.nodes))


def _class_of(site: SitePlan) -> str:
    """The class that is served at the site."""
    slugs = (row["slug"] for row in book("fleet")["workload_classes"] if site.name in row["sites"])
    return next(slug for slug in slugs if "models" in book("workloads")["envelopes"][slug])


@dataclass(frozen=True)
class _Round:
    """Everything that a site measures again in one night: every node, pair and port, one path, the service."""

    site: SitePlan
    run_book: Mapping[str, Any]
    age: int
    begin: datetime

    def runs(self, *, has_soak: bool, has_incast: bool, has_interop: bool) -> Iterator[DemoRun]:
        yield from self._nodes(timedelta(hours=1))
        if len(self.site.nodes) > 1:
            yield from self._fabric(timedelta(hours=2))
            yield from self._paths(timedelta(hours=3, minutes=30))
        if self.site.fabric.kind != "ethernet":
            yield from self._ports(timedelta(hours=2, minutes=45))
        if "inference" in self.site.facts["profiles"]:
            yield self._served(timedelta(hours=5, minutes=45))
        if has_incast and self.site.fabric.kind == "roce":
            yield self._incast(timedelta(hours=6))
        if has_interop and self.site.spine != self.site.fabric:
            yield interop_test(self.site, self.begin + timedelta(hours=6, minutes=30))
        if has_soak:
            yield self._soak(timedelta(hours=7))
            yield self._drill(timedelta(hours=9))

    def _nodes(self, after: timedelta) -> Iterator[DemoRun]:
        count, model = self.site.node_type.count, f"NVIDIA {self.site.node_type.model_name}"
        for place, node in enumerate(self.site.nodes):
            run = self._name(node.name)
            document = outputs.diagnostic(gpus=count, severities={}, run=run, uuids=node.uuids)
            yield self._run("dcgm-diag", f"diag-{node.name}.json", document, after, [node])
            busbw = self._times_floor("intra-node-floor", "inside", node.name)
            text = outputs.all_reduce(host=node.name, busbw=busbw, gpus=count, run=run, model=model)
            at = after + timedelta(minutes=20 + 2 * place)
            yield self._run("nccl-tests", f"all_reduce-{node.name}.log", text, at, [node])

    @property
    def _pairs(self) -> list[tuple[PlannedNode, PlannedNode]]:
        """Put each node into a pair; with an odd number, the last two nodes form another pair."""
        nodes = self.site.nodes
        return [
            *zip(nodes[::2], nodes[1::2], strict=False),
            *([(nodes[-2], nodes[-1])] if len(nodes) % 2 else []),
        ]

    def _fabric(self, after: timedelta) -> Iterator[DemoRun]:
        """Test pairs that cover all nodes, then all nodes together."""
        pair = self._times_floor("fabric-floor", "pair", "fabric")
        for place, ends in enumerate(self._pairs):
            yield self._gathered(ends, pair * (1 + 0.004 * wobble(ends[0].name)), after, place)
        if len(self.site.nodes) > 2:
            together = pair * self._draw(self.run_book["scale_efficiency"], "fabric")
            yield self._gathered(self.site.nodes, together, after, len(self._pairs))

    def _gathered(self, nodes: Sequence[PlannedNode], busbw: float, after: timedelta, place: int) -> DemoRun:
        names = [node.name for node in nodes]
        text = outputs.all_gather(
            hosts=names,
            busbw=busbw,
            gpus=self.site.node_type.count,
            run=self._name(*names),
            model=f"NVIDIA {self.site.node_type.model_name}",
        )
        file_name = f"all_gather-{names[0]}-{len(names)}.log"
        return self._run("nccl-tests", file_name, text, after + timedelta(minutes=3 * place), nodes)

    def _ports(self, after: timedelta) -> Iterator[DemoRun]:
        """Pair each port with the same port of the other node."""
        for place, (near, far) in enumerate(self._pairs):
            for port in near.ports:
                gbps = self._times_floor("rdma-port-floor", "port", f"{near.name}/{port.name}")
                text = outputs.write_bandwidth(
                    gbps=gbps, port=port.name, run=self._name(near.name, far.name, port.name)
                )
                file_name = f"ib_write_bw-{near.name}-{port.name}.txt"
                at = after + timedelta(minutes=2 * place)
                yield self._run("perftest", file_name, text, at, [near, far])

    def _paths(self, after: timedelta) -> Iterator[DemoRun]:
        rules = self.run_book["latency"]
        near, far = self.site.nodes[0], self.site.nodes[-1]
        limit = limits(self.site, book("records"))["fabric-latency"]
        loaded = limit * self._draw(rules["of_limit"], "latency") * self._off("latency")
        idle = loaded / self._draw(rules["loaded_over_idle"], "latency idle")
        for step, (load, p99) in enumerate((("idle", idle), ("loaded", loaded))):
            for repeat in range(REPEATS):
                run = f"{self._name(near.name, far.name)}, {load}, {repeat + 1} of {REPEATS}"
                tail = {"p50": p99 * rules["p50_of_p99"], "p99": p99, "p999": p99 * rules["p999_of_p99"]}
                at = after + timedelta(minutes=3 * (step * REPEATS + repeat))
                rate = self.site.fabric.port_gbps * rules["load_of_rate"] if load == "loaded" else None
                tool, program = "perftest", "ib_write_lat"
                if self.site.fabric.kind == "ethernet":
                    tool, program = "sockperf", "sockperf"
                    text = outputs.socket_latency(**tail, address=far.address, run=run)
                else:
                    text = outputs.latency(**tail, port=near.ports[0].name, run=run)
                file_name = f"{program}-{load}-{repeat + 1:02}.txt"
                yield self._run(tool, file_name, text, at, [near, far], load=load, load_gbps=rate)

    def _served(self, after: timedelta) -> DemoRun:
        rules, slug = self.run_book["serving"], _class_of(self.site)
        envelope, count = book("workloads")["envelopes"][slug], self.site.node_type.count
        ran, of_class = count * len(self.site.nodes), sum(envelope["accelerators"].values())
        peak_per_s = sum(envelope["requests_per_s"].values()) * ran / of_class
        text = outputs.served(
            model=envelope["models"][-1 if count == LARGE_NODE else 0],
            ttft_ms=self._draw(rules["ttft_ms"], "ttft") * self._off("ttft"),
            tpot_ms=self._draw(rules["tpot_ms"], "tpot") * self._off("tpot"),
            requests_per_s=round(peak_per_s * self._draw(rules["of_peak"], "requests"), 1),
            duration_s=720.0,
            at=self.begin + after,
        )
        return self._run("vllm-bench", "vllm-bench.json", text, after, self.site.nodes)

    def _incast(self, after: timedelta) -> DemoRun:
        at, incast = self.begin + after, self.run_book["incast"]
        ports = [f"{switch.name} {port.name}" for switch in self.site.switches for port in switch.ports]
        raw: list[Row] = [
            (at, measure, round(amount * (1 + 0.3 * wobble(f"{self.age}/{port}"))), unit, port)
            for port in ports
            for measure, (amount, unit) in incast["counters"].items()
        ]
        return self._table("incast and deadlock test 1.4", "incast.csv", raw, incast, at, after)

    def _soak(self, after: timedelta) -> DemoRun:
        """The 24 hours before."""
        soak, end = self.run_book["soak"], self.begin + after
        drawn = {name: self._draw(soak[name], name) for name in ("inlet", "ttft_ms", "drift", "slope")}
        busbw = self._times_floor("intra-node-floor", "inside", "soak")
        rows = list(soak_rows(end, name=self.site.name, busbw=busbw, flaps=0, **drawn))
        content = outputs.table(tool="soak test 2.1", rows=rows)
        return self._run("csv", "soak.csv", content, after, self.site.nodes)

    def _drill(self, after: timedelta) -> DemoRun:
        drill, every = self.run_book["drill"], timedelta(minutes=20)
        raw: list[Row] = [
            (
                self.begin + after + every * place,
                "interruption",
                round(self._draw(drill["interruption_s"], scenario), 1),
                "s",
                scenario,
            )
            for place, scenario in enumerate(drill["scenarios"])
        ]
        end = self.begin + after + every * len(raw)
        longest = (end, f"{drill['check']}/longest-interruption", max(row[2] for row in raw), "s", "")
        return self._table("failover drill 3.0", "failover-drill.csv", raw, drill, end, after, longest)

    def _table(
        self,
        tool: str,
        file_name: str,
        raw: Sequence[Row],
        test: Mapping[str, Any],
        end: datetime,
        after: timedelta,
        *more: Row,
    ) -> DemoRun:
        parts: list[Row] = [
            (end, f"{test['check']}/{part}", self._draw(value, *drawn_for) if drawn_for else value, unit, "")
            for part, (value, unit, *drawn_for) in test["parts"].items()
        ]
        content = outputs.table(tool=tool, rows=[*raw, *parts, *more])
        return self._run("csv", file_name, content, after, self.site.nodes)

    def _run(
        self,
        tool: str,
        file_name: str,
        content: bytes,
        after: timedelta,
        nodes: Sequence[PlannedNode],
        **load: Any,
    ) -> DemoRun:
        names = tuple(node.name for node in nodes)
        return DemoRun(tool, file_name, content, self.begin + after, names, **load)

    def _name(self, *things: str) -> str:
        return f"{', '.join(things)}, {self.begin:%Y-%m-%d}"

    def _times_floor(self, limit_id: str, rule: str, thing: str) -> float:
        floor = stated(book("records"), limit_id)[self.site.node_type.key]
        return float(
            floor * self._draw(self.run_book["times_floor"][rule], thing) * self._off(thing, part=0.4)
        )

    def _draw(self, between: Sequence[float], thing: str) -> float:
        low, high = between
        return low + (high - low) * share(self.site.name, thing)

    def _off(self, thing: str, *, part: float = 1.0) -> float:
        """The share by which this round deviates from the plan."""
        return 1 + part * float(self.run_book["round_off"]) * wobble(f"{self.site.name}/{thing}/{self.age}")
