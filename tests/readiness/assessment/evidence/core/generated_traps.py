"""One function for each trap that follows from the facts of a tool: what is sent, and the words of both sides."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from readiness.assessment.evidence.core.bearing import OF_ACCELERATORS
from readiness.assessment.evidence.core.parsers.recognised import TWINS, recognised
from tests.readiness.assessment.evidence.core.benchmark_facts import BENCHMARK_FACTS
from tests.readiness.assessment.evidence.core.fabric_facts import A100, FABRIC_FACTS, UNDER_LOAD
from tests.readiness.assessment.evidence.core.node_facts import NODE_FACTS
from tests.readiness.assessment.evidence.core.tool_facts import Output, ToolFacts
from tests.readiness.assessment.evidence.core.trap_site import (
    BARE,
    FAR,
    HERE,
    MIXED,
    Place,
    Sent,
    outcome,
    serving,
)
from tests.readiness.assessment.evidence.core.traps import CannotBe

FACTS: dict[str, ToolFacts] = FABRIC_FACTS | NODE_FACTS | BENCHMARK_FACTS


@dataclass(frozen=True, kw_only=True)
class Case:
    """Sendings of which some must not count, with patterns that one sentence has to match: those of both sides.
    `clean` are like sendings without the trap, which pass at the same place."""

    sendings: Sequence[Sent]
    clean: Sequence[Sent]
    words: Sequence[str]
    place: Place = HERE
    check: str = ""

    def outcome(self, tool: str):
        return self._of(tool, self.sendings)

    def control(self, tool: str):
        return self._of(tool, self.clean)

    def _of(self, tool: str, sendings: Sequence[Sent]):
        return outcome(tool, sendings, self.clean, place=self.place, check=self.check)


type Trap = Callable[[str, ToolFacts], Case | CannotBe]
TRAPS: dict[str, Trap] = {}


def trap(name: str, *, needs: str = ""):
    """Register a trap. A tool whose fact `needs` is a sentence has that sentence instead."""

    def registered(function: Trap) -> Trap:
        def of_tool(tool: str, facts: ToolFacts) -> Case | CannotBe:
            fact = getattr(facts, needs) if needs else None
            return fact if isinstance(fact, CannotBe) else function(tool, facts)

        TRAPS[name] = of_tool
        return of_tool

    return registered


def instead(facts: ToolFacts, content: bytes, words: Sequence[str], **more) -> Case:
    """The clean sendings with this content in the first."""
    clean = facts.clean()
    first = replace(clean[0], content=content)
    return Case(sendings=[first, *clean[1:]], clean=clean, words=words, **more)


def output(facts: ToolFacts, made: Output) -> Case:
    if made.clean is None:
        return instead(facts, made.content, made.words)
    clean = made.clean()
    first = replace(clean[0], content=made.content)
    return Case(sendings=[first, *clean[1:]], clean=clean, words=made.words, check=made.check)


def alone(facts: ToolFacts, sent: Sent, words: Sequence[str], **more) -> Case:
    return Case(sendings=[sent], clean=facts.clean(), words=words, **more)


@trap("another platform is claimed")
def _platform(tool, facts):
    clean = facts.clean()
    claimed = [replace(clean[0], platform="l4-4"), *clean[1:]]
    return Case(sendings=claimed, clean=clean, words=("upload names l4-4", "inventory has dgx"))


@trap("another host than the one claimed", needs="hosts")
def _host(tool, facts):
    sent = Sent(content=facts.hosts(("node-2",)), claimed=(1,))
    return alone(facts, sent, ("file is of node-2", "upload names node-1"))


@trap("one host for a pair", needs="hosts")
def _pair(tool, facts):
    if isinstance(facts.pair, CannotBe):
        return facts.pair
    sent = Sent(content=facts.hosts(("node-1",)), claimed=(1, 2))
    return alone(facts, sent, ("1 host|one node|without|node-1", "2 nodes|node-2"))


@trap("a host of another site", needs="hosts")
def _far(tool, facts):
    return alone(facts, Sent(content=facts.hosts((FAR,))), (FAR, "inventory has at another site"))


@trap("another model", needs="models")
def _model(tool, facts):
    return instead(facts, facts.models(A100), (A100, "inventory has H100 SXM 80 GB"))


@trap("an unknown host, claimed for a node of a smaller type", needs="models")
def _smaller(tool, facts):
    sent = Sent(content=facts.hosts(("pod-5d",)), claimed=(2,))
    return alone(facts, sent, ("file names NVIDIA H100", "inventory has NVIDIA L4 in node-2"), place=MIXED)


@trap("another PCI device id", needs="device_ids")
def _device_id(tool, facts):
    return instead(
        facts, facts.device_ids("20b2"), ("device 20b2, a NVIDIA A100", "inventory H100 SXM 80 GB")
    )


@trap("another serial number", needs="serials")
def _serial(tool, facts):
    return instead(facts, facts.serials("7770001"), ("serial number 7770001", "inventory 165010"))


@trap("the serial number of another node", needs="serials")
def _serial_of_other(tool, facts):
    return instead(facts, facts.serials("165020"), ("file is of .*node-2", "upload names node-1"))


@trap("another UUID", needs="uuids")
def _uuid(tool, facts):
    return instead(facts, facts.uuids("GPU-777f01"), ("UUID GPU-777f01", "inventory GPU-5c1e10"))


@trap("another bus id", needs="bus_ids")
def _bus_id(tool, facts):
    return instead(facts, facts.bus_ids("0000:8b:00"), ("bus id 0000:8b:00", "inventory has 0*:?00:00"))


@trap("more accelerators than installed", needs="accelerators")
def _more(tool, facts):
    sent = Sent(content=facts.accelerators(6), claimed=(1,))
    return alone(facts, sent, ("counts 6 accelerators", "inventory has 2 in node-1"))


@trap("nothing is installed")
def _nothing(tool, facts):
    if tool not in OF_ACCELERATORS:
        return CannotBe("The tool measures no accelerators, so that a node without them proves as much.")
    clean = [replace(each, claimed=each.claimed or (1,)) for each in facts.clean()]
    return Case(
        sendings=clean, clean=clean, words=("inventory has no accelerators", "proves nothing"), place=BARE
    )


@trap("another version is claimed", needs="versions")
def _version(tool, facts):
    name, version = facts.versions
    clean = facts.clean()
    # A table states its versions in remarks.
    content = f"# {name}: {version}\n".encode() + clean[0].content if tool == "csv" else clean[0].content
    sent = replace(clean[0], content=content, versions={name: "3.1.4"})
    return Case(
        sendings=[sent, *clean[1:]],
        clean=clean,
        words=(f"file says {name} {version}", "upload says 3.1.4"),
    )


@trap("a rate above the ceiling", needs="beyond")
def _beyond(tool, facts):
    return instead(facts, facts.beyond.content, (*facts.beyond.words, "more than the hardware can do"))


def _scaled(factor):
    def scaled(tool, facts):
        return instead(facts, facts.scaled(facts.clean()[0].content, factor), (r"\d",))

    return scaled


for times in (2, 10, 100):
    trap(f"every rate {times} times as high", needs="scaled")(_scaled(times))


@trap("a figure contradicts size, time or count", needs="untrue")
def _untrue(tool, facts):
    return output(facts, facts.untrue)


@trap("percentiles that fall", needs="falling")
def _falling(tool, facts):
    return output(facts, facts.falling)


@trap("rows of another operation", needs="operation")
def _operation(tool, facts):
    return output(facts, facts.operation)


@trap("another unit in the header", needs="unit")
def _unit(tool, facts):
    return output(facts, facts.unit)


@trap("too few iterations", needs="iterations")
def _iterations(tool, facts):
    return instead(facts, facts.iterations(7), ("(?:has|are) 7", "20|1,000"))


@trap("too short a run", needs="seconds")
def _seconds(tool, facts):
    if isinstance(facts.seconds, Output):
        return output(facts, facts.seconds)
    return instead(facts, facts.seconds(5), (r"\b5 s\b", r"\b(?:10|60|600) s\b"))


@trap("a load below the path's share", needs="load")
def _load(tool, facts):
    return Case(
        sendings=facts.load(7.0),
        clean=facts.load(320.0),
        words=("load was 7 Gb/s", "path of 400 Gb/s needs 200"),
        check=UNDER_LOAD,
    )


@trap("a rate of requests below the peak", needs="serves")
def _peak(tool, facts):
    models, _ = facts.serves
    clean = facts.clean()
    words = (r"served .* at (?:19\.4|20) requests/s", "class chat serves .* at 450/s")
    return Case(sendings=clean, clean=clean, words=words, place=serving(*models, peak=450.0))


@trap("another served model", needs="serves")
def _served_model(tool, facts):
    _, peak = facts.serves
    clean = facts.clean()
    words = ("served (?:llama|a model that it does not name)", "class chat serves granite-34b")
    return Case(sendings=clean, clean=clean, words=words, place=serving("granite-34b", peak=peak))


@trap("the other end's port is claimed", needs="other_end")
def _other_end(tool, facts):
    return output(facts, facts.other_end)


@trap("a file of another tool")
def _other_tool(tool, facts):
    others = [other for other in FACTS if other != tool and not {other, tool} <= TWINS]
    other = others[(list(FACTS).index(tool) + 4) % len(others)]
    content = FACTS[other].clean()[0].content
    return instead(facts, content, (f"file looks like .*; choose {recognised(content)}",))


@trap("a file cut in the middle")
def _cut(tool, facts):
    content = facts.clean()[0].content
    return instead(facts, content[: len(content) // 2], (r"\w",))


def copied(content: bytes) -> bytes:
    """Another file that says the same."""
    text = content.decode()
    if text.startswith("{"):
        documents = [json.loads(line) for line in text.splitlines() if line.strip()]
        return "\n".join(json.dumps(each, separators=(" , ", " : ")) for each in documents).encode()
    if text.startswith("<"):
        return text.replace("?>", "?><!-- a copy -->", 1).encode()
    return f"# a copy\n{text}".encode()


GENERATED_TRAPS: dict[str, dict[str, Case | CannotBe]] = {
    name: {tool: of_tool(tool, facts) for tool, facts in FACTS.items()} for name, of_tool in TRAPS.items()
}
