"""The record that each tool has for the traps that are generated, and how its outputs are changed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.readiness.assessment.evidence.core.trap_site import Sent
from tests.readiness.assessment.evidence.core.traps import CannotBe


class Output(NamedTuple):
    """An output with patterns that one sentence about it has to match, those of both sides. `check` is the check that
    it is judged by, if that is another than the tool's own, with clean sendings for it."""

    content: bytes
    words: tuple[str, ...]
    check: str = ""
    clean: Callable[[], list[Sent]] | None = None


BOTH_FIGURES = (r"in the file, but its other figures give \d|, more than the peak of \d",)

type Builder[Fact] = Callable[[Fact], bytes] | CannotBe


@dataclass(frozen=True, kw_only=True)
class ToolFacts:
    """Facts of a tool's output: a builder that takes the fact, an output, or the sentence why there can be none.

    `clean` are the sendings that pass the tool's check. `scaled` changes every rate of a content and nothing else;
    `beyond` has rates that agree with each other and are above a ceiling. `serves` is the declared peak that a clean
    file reaches, with the models that it names.
    """

    clean: Callable[[], list[Sent]]
    hosts: Builder[tuple[str, ...]]
    pair: Builder[tuple[str, ...]] | None = None
    models: Builder[str]
    device_ids: Builder[str]
    serials: Builder[str]
    uuids: Builder[str]
    bus_ids: Builder[str]
    accelerators: Builder[int]
    versions: tuple[str, str] | CannotBe
    scaled: Callable[[bytes, float], bytes] | CannotBe
    beyond: Output | CannotBe
    untrue: Output | CannotBe
    falling: Output | CannotBe
    operation: Output | CannotBe
    unit: Output | CannotBe
    iterations: Builder[int]
    seconds: Builder[int] | Output
    load: Callable[[float], list[Sent]] | CannotBe
    serves: tuple[tuple[str, ...], float] | CannotBe
    other_end: Output | CannotBe


NO_HOST = CannotBe("The output names no host; whoever sends it names the devices.")
NO_MODEL = CannotBe("The output names no model of an accelerator.")
NO_DEVICE_ID = CannotBe("The output prints no PCI device id.")
NO_SERIAL = CannotBe("The output prints no serial number of an accelerator.")
NO_UUID = CannotBe("The output prints no UUID of an accelerator.")
NO_BUS_ID = CannotBe("The output prints no bus id of an accelerator.")
NO_COUNT = CannotBe("The output does not say how many accelerators took part.")
NO_VERSION = CannotBe("The output names its own version alone, no driver and no library.")
NO_RATE = CannotBe("The output has no rate.")
NO_PERCENTILE = CannotBe("The output has no percentiles.")
ONE_OPERATION = CannotBe("The tool runs one kind of test, so that its rows have no operation to mistake.")
NAMED_UNITS = CannotBe("Each figure's own name gives its unit, and there is no header.")
NO_UNIT = CannotBe("The output has counts and verdicts, which have no unit.")
NO_ITERATIONS = CannotBe("The framework asks for no number of iterations of this tool.")
NO_SECONDS = CannotBe("The framework asks for no duration of this tool's runs.")
NO_LOAD = CannotBe("The tool's check asks for no background load.")
NOT_SERVED = CannotBe("The tool serves no requests.")
NO_END = CannotBe("The output is not of one end of a link alone.")
NO_CEILING = CannotBe("No ceiling of the hardware bounds what the tool measures.")


def multiplied(text: str, factor: float) -> str:
    """The number times the factor, printed with as many decimals."""
    mantissa, mark, _ = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return f"{float(text) * factor:.{decimals}{'e' if mark else 'f'}}"


def rescaled(content: bytes, pattern: str, factor: float) -> bytes:
    """Multiply what the pattern's group `rate` matches."""

    def replaced(match: re.Match[str]) -> str:
        begin, end = match.start("rate") - match.start(), match.end("rate") - match.start()
        return match[0][:begin] + multiplied(match["rate"], factor) + match[0][end:]

    return re.sub(pattern, replaced, content.decode(), flags=re.MULTILINE).encode()


def rescaled_keys(content: bytes, pattern: str, factor: float) -> bytes:
    """Multiply the numbers of a document, or of a document a line, whose key matches the pattern."""

    def walked(value):
        if isinstance(value, list):
            return [walked(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            key: each * factor
            if isinstance(each, int | float) and re.fullmatch(pattern, key)
            else walked(each)
            for key, each in value.items()
        }

    return b"\n".join(json.dumps(walked(json.loads(line))).encode() for line in content.splitlines() if line)


def mapped(hosts: tuple[str, ...]) -> bytes:
    """Lines that Open MPI prints above a program's output with --display-map."""
    return "".join(f" Data for node: {host}\tNum slots: 8\n" for host in hosts).encode()


def each_node(content: Callable[[int], bytes]) -> list[Sent]:
    return [Sent(content=content(node), claimed=(node,)) for node in (1, 2)]
