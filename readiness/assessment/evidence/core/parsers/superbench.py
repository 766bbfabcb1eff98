"""SuperBench's summaries: `results-summary.jsonl` of a run, a line for each node, or one node's JSON document.

A metric is `benchmark[:variant]/name[:rank]`. Of the ranks of a node, each of which is mostly one accelerator, the
worst counts. Names decide the units, as SuperBench's documentation gives them; other metrics stay in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.assessment.evidence.core.documents import (
    Json,
    lines_of,
    refuse_more,
    storable_bytes,
    text_of,
    tidy,
)
from readiness.assessment.evidence.core.parsed import (
    RANKS,
    TEST,
    Figure,
    Parsed,
    ParseError,
    failed_operations,
)

NO_CODE = "The summary has no return code of this benchmark, so a failure would not show."
_METRIC = re.compile(r"([^/]{1,120})/(.{1,200}?)(?::(\d{1,6}))?")
_CODE = "return_code"
_SIZED = re.compile(r"((?:nccl|rccl)-bw[^/]*/\w+?|ib-[^/]*/ib_\w+?_bw)_(\d{1,18})(?![^_])(.*)")
_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    # Benchmark and metric, name of the figure, unit. The first that matches decides.
    (re.compile(r"(?:nccl|rccl)-bw[^/]*/.+_busbw"), "bandwidth", "GB/s"),
    (re.compile(r"ib-(?:loopback|traffic|validation)[^/]*/ib_\w+_bw_.+"), "bandwidth", "GB/s"),
    (re.compile(r"(?:mem-bw|gpu-copy-bw|gpu-stream|nvbandwidth)[^/]*/.+_bw"), "bandwidth", "GB/s"),
    (re.compile(r"cpu-memory-bw-latency[^/]*/.+_bw"), "bandwidth", "MB/s"),
    (re.compile(r"cpu-stream[^/]*/.+_throughput"), "bandwidth", "MB/s"),
    (re.compile(r"cpu-hpl[^/]*/throughput"), "flops", "GFLOP/s"),
    (re.compile(r"gemm-flops[^/]*/(?:.+_flops|.+_iops|[A-Z]+\d+(?:_TC)?)"), "flops", "GFLOP/s"),
    (re.compile(r"(?:cublaslt|hipblaslt)-gemm[^/]*/.+_flops"), "flops", "TFLOP/s"),
    (re.compile(r"(?:model-benchmarks[^/]*|\w+_models)/.+throughput.*"), "throughput", "samples/s"),
    (re.compile(r"kernel-launch[^/]*/(?:event|wall)_time"), "mean_time", "ms"),
)
_SLOWER = frozenset({"mean_time"})


@dataclass
class _Node:
    name: str
    worst: dict[str, tuple[str, str, float, int]] = field(default_factory=dict)
    codes: dict[str, float] = field(default_factory=dict)
    ranks: set[int] = field(default_factory=set)
    unread: int = 0

    def read(self, document: Json) -> None:
        for key in document.names():
            metric = _METRIC.fullmatch(key)
            if metric is None:
                continue
            benchmark, name, rank = metric[1], metric[2], metric[3]
            if rank is not None:
                self.ranks.add(int(rank))
            if name == _CODE or name.endswith(f"/{_CODE}"):
                code = document.number(key)
                self.codes[benchmark] = max(self.codes.get(benchmark, 0.0), abs(code))
            else:
                self._read_metric(document, key, f"{benchmark}/{name}")

    def _read_metric(self, document: Json, key: str, metric: str) -> None:
        kind = next((kind for pattern, *kind in _KINDS if pattern.fullmatch(metric)), None)
        if kind is None:
            self.unread += 1
            return
        name, unit = kind
        value = document.counted(key)
        _, _, earlier, ranks = self.worst.get(metric, (name, unit, value, 0))
        worse = max(earlier, value) if name in _SLOWER else min(earlier, value)
        self.worst[metric] = name, unit, worse, ranks + 1

    def figures(self) -> Iterator[Figure]:
        for metric, (name, unit, value, ranks) in self.worst.items():
            benchmark = metric.partition("/")[0]
            sized = _SIZED.fullmatch(metric)
            yield Figure(
                name=name,
                value=value,
                unit=unit,
                operation=tidy(sized[1] + sized[3] if sized else metric),
                subject=self.name,
                size_bytes=int(sized[2]) if sized else None,
                streams=ranks,
                caution="" if benchmark in self.codes else NO_CODE,
            )
        for benchmark in sorted({metric.partition("/")[0] for metric in self.worst} | self.codes.keys()):
            yield Figure(name=TEST, value=1.0, operation=tidy(benchmark), subject=self.name)
        if self.ranks:
            yield Figure(name=RANKS, value=float(len(self.ranks)), subject=self.name)


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    documents = _documents(text)
    nodes: dict[str, _Node] = {}
    for document in documents:
        name = document.text("node")
        if name in nodes:
            document.refuse(f"The node {name!r} comes twice: send each run in a file of its own.")
        nodes[name] = _Node(name)
        nodes[name].read(document)
    figures: list[Figure] = []
    for node in nodes.values():
        figures += node.figures()
        refuse_more(1, len(figures))
    codes = [code for node in nodes.values() for code in node.codes.values()]
    if not codes and not any(node.worst for node in nodes.values()):
        raise ParseError(1, "There is no return code and no metric with a known unit: nothing was measured.")
    if codes:
        figures.append(failed_operations(sum(code != 0 for code in codes), of=len(codes), what="benchmarks"))
    return Parsed(
        tool="superbench",
        figures=tuple(figures),
        content=b"\n".join(storable_bytes(*each) for each in _lines(text, documents)),
        hosts=tuple(name for name in nodes if name),
        warnings=tuple(_remarks(nodes)),
    )


def _documents(text: str) -> list[Json]:
    lines = [(number, line) for number, line in lines_of(text) if line.strip()]
    if len(lines) > 1 and not lines[0][1].rstrip().endswith("}"):
        return [Json.parse(text)]
    documents = [Json.parse(line, number) for number, line in lines]
    for document in documents:
        if not document.is_object():
            document.refuse("An object is expected: a line of the summary is one node.")
    return documents


def _lines(text: str, documents: list[Json]) -> list[tuple[str, object]]:
    if len(documents) == 1:
        return [(text, documents[0].value)]
    lines = [line for _, line in lines_of(text) if line.strip()]
    return [(line, document.value) for line, document in zip(lines, documents, strict=True)]


def _remarks(nodes: dict[str, _Node]) -> Iterator[str]:
    failed = sorted(
        f"{benchmark} on {node.name or 'the node'}: return code {code:g}"
        for node in nodes.values()
        for benchmark, code in node.codes.items()
        if code
    )
    yield from (tidy(sentence) for sentence in failed[:20])
    if unread := sum(node.unread for node in nodes.values()):
        yield f"{unread} metrics have no unit that Muster knows; they stay in the file."
