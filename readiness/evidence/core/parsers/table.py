"""Comma-separated figures, for tools without a parser of their own.

The first line names columns: `measure` and `value` are needed; `unit, operation, variant, subject, size_bytes,
percentile, samples, streams, taken_at` may follow, in any order. A measure named `check/sub-measure`, such as
`p1-soak-24h/duration`, is evidence of that sub-measure; one named `interop/link-fec` and the like is a record of
interoperability (readiness.evidence.core.interop). Lines that begin with # are remarks; `# driver: 560.35` and the like
state versions.

A table that names sub-measures or holds records is a run if it says how these came to be: when each was taken, with
which tool (`# tool: soak 2.1`), and the raw figures behind them, in rows of their own. Otherwise it is declared.
"""

import re
from collections.abc import Sequence

from readiness.evidence.core import interop
from readiness.evidence.core.bearing import part_named
from readiness.evidence.core.documents import text_of, tidy
from readiness.evidence.core.parsed import Figure, Parsed, ParseError, percentile_caution
from readiness.evidence.core.parsers.rows import (
    count,
    instant,
    needed_number,
    optional,
    percentile,
    unit,
    values_of,
)


def _name(text: str) -> str:
    if not text:
        raise ValueError("is no name")
    return tidy(text)


FIGURE = {
    "measure": _name,
    "value": needed_number,
    "unit": unit,
    "operation": tidy,
    "variant": tidy,
    "subject": tidy,
    "size_bytes": optional(count),
    "percentile": optional(percentile),
    "samples": optional(count),
    "streams": optional(count),
    "taken_at": optional(instant),
}
_VERSION = re.compile(r"#\s*(driver|firmware|nos|library|tool)\s*:\s*(\S.*)", re.IGNORECASE)


def parse(content: bytes) -> Parsed:
    versions: dict[str, str] = {}

    def read_remark(line: str) -> None:
        if (version := _VERSION.match(line)) is not None:
            versions[version[1].lower()] = tidy(version[2])

    figures, times = [], []
    rows = values_of(content, FIGURE, needed=("measure", "value"), remark=read_remark)
    for line, values in rows:
        name, taken_at = values.pop("measure"), values.pop("taken_at")
        caution = percentile_caution(values["percentile"], values["samples"])
        figure = Figure(name=name, caution=caution, **values)
        if interop.is_record(name) and (reason := interop.trouble(name, values["value"], figure.subject)):
            raise ParseError(line, reason)
        figures.append(figure)
        times.append(taken_at)
    return Parsed(
        tool="csv",
        figures=tuple(figures),
        kept=text_of(content).encode("utf-8", "replace"),
        versions=tuple(versions.items()),
        hosts=interop.devices_named(figures),
        # The oldest: all of the file is at least as new.
        taken_at=min((each for each in times if each), default=None),
        declared=_declared(figures, has_times=all(times), has_tool="tool" in versions),
    )


def _declared(figures: Sequence[Figure], *, has_times: bool, has_tool: bool) -> str:
    raw = [each for each in figures if part_named(each.name) is None and not interop.is_record(each.name)]
    if len(raw) == len(figures):
        return ""
    lacks = {
        "the time of each row (taken_at)": has_times,
        "the tool (# tool: name and version)": has_tool,
        "rows of raw figures": bool(raw),
    }
    missing = [name for name, is_there in lacks.items() if not is_there]
    return f"The table counts as declared, not as a run: it lacks {', '.join(missing)}." if missing else ""
