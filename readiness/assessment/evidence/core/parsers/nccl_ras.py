"""Reports of NCCL's and RCCL's RAS (`ncclras`, text or `-f json`): which ranks of a running job answer.

A report measures no bandwidth. Ranks that are missing or have an error are failed operations. Ranks that answer but
left a communicator, and counts that differ between ranks, are remarks: a healthy job shows both for moments.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from readiness.assessment.evidence.core import documents
from readiness.assessment.evidence.core.parsed import (
    RANKS,
    Figure,
    Parsed,
    ParseError,
    SeenAccelerator,
    failed_operations,
)

ROLE = "communicator"
_VERSION = re.compile(r"(?:NCCL|RCCL) version (\d\S*)")
_GROUP = re.compile(
    r"\s*\d{1,9}\s+(\d{1,9})\s+\d{1,9}\s+(\S+)\s+(\d{1,9})\s+(\d{1,9})\s+([A-Z]+)\s+([A-Z]+(?:[,|+/ ]+[A-Z]+)*)\s*"
)
_ERRORS = re.compile(r"(?:Initialization|Asynchronous) errors? on (\d{1,9}) ranks?")
_DEAD = re.compile(r"(\d{1,9}) job process(?:es are| is) considered dead")
_MISSING = re.compile(r"Missing communicator data from (\d{1,9}) ranks?")
_PLACE = re.compile(r"Rank (\d{1,9}) -- GPU (\d{1,5})\S* managed by process \d+ on node (\S+)")
_STILL_FINE = frozenset({0, 7})
"""ncclSuccess and ncclInProgress."""


@dataclass
class _Ras:
    communicators: int = 0
    expected: int = 0
    missing: int = 0
    errors: int = 0
    dead: int = 0
    is_broken: bool = False
    ranks: set[tuple[str, int]] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    local: datetime | None = None
    instant: datetime | None = None

    @property
    def failed(self) -> int:
        return max(self.missing + self.errors, self.dead, int(self.is_broken))

    def parsed(self, content: bytes) -> Parsed:
        of = max(self.expected, self.failed)
        hosts = Counter(host for host, _ in self.ranks)
        documents.refuse_more(1, len(hosts), "hosts")
        return Parsed(
            tool="nccl-ras",
            figures=(
                Figure(name="communicators", value=float(self.communicators)),
                failed_operations(self.failed, of=of, what="ranks"),
                *(
                    Figure(name=RANKS, value=float(count), subject=host, operation=ROLE)
                    for host, count in sorted(hosts.items())
                ),
            ),
            content=content,
            versions=tuple(self.versions.items()),
            hosts=tuple(sorted(hosts)),
            accelerators=tuple(SeenAccelerator(host=host, index=index) for host, index in sorted(self.ranks)),
            taken_at=self.instant,
            taken_local=self.local,
            warnings=tuple(dict.fromkeys(self.remarks))[:20],
        )


def parse(content: bytes) -> Parsed:
    text = documents.text_of(content)
    return _read_json(text) if documents.looks_like_json(text) else _read_text(text)


def _read_text(text: str) -> Parsed:
    ras, number = _Ras(), 1
    sections: list[str] = []
    for number, raw in documents.lines_of(text):
        line = raw.strip()
        if line.startswith("RAS Monitor Mode"):
            raise ParseError(number, "This is a log of ncclras -m: send the report of one query instead.")
        if line in ("Errors", "Warnings"):
            sections.append(line)
        elif (group := _GROUP.fullmatch(raw)) is not None:
            _read_group(ras, group)
        else:
            _read_line(ras, line)
    if not ras.communicators:
        raise ParseError(number, "There is no communicator in the report: no job answered.")
    if "Warnings" not in sections:
        raise ParseError(number, 'There is no section "Warnings": the report is not whole.')
    return ras.parsed(text.encode("utf-8", "replace"))


def _read_group(ras: _Ras, group: re.Match[str]) -> None:
    communicators, size, present = int(group[1]), int(group[3]), int(group[4])
    ras.communicators += communicators
    ras.expected += communicators * size
    errors = set(re.findall(r"[A-Z]+", group[6]))
    if errors & {"INCOMPLETE", "ERROR"}:
        ras.is_broken = True
        ras.missing += max(communicators * size - present, 0)
    if errors - {"OK"}:
        counted = f"{communicators} communicator{'' if communicators == 1 else 's'} of {size} ranks"
        ras.remarks.append(f"{counted}: {group[5]}, {' '.join(sorted(errors))}.")


def _read_line(ras: _Ras, line: str) -> None:
    if (version := _VERSION.match(line)) is not None:
        ras.versions["library"] = documents.tidy(version[1])
    if (errors := _ERRORS.match(line)) is not None:
        ras.errors += int(errors[1])
        ras.remarks.append(documents.tidy(line))
    elif (dead := _DEAD.match(line)) is not None:
        ras.dead = max(ras.dead, int(dead[1]))
        ras.remarks.append(documents.tidy(line))
    elif _MISSING.match(line) is not None or _PLACE.match(line) is not None:
        ras.is_broken = ras.is_broken or _MISSING.match(line) is not None
        ras.remarks.append(documents.tidy(line))


def _read_json(text: str) -> Parsed:
    document = documents.Json.parse(text)
    if document.get("communicators") is None:
        document.refuse("There are no communicators: this is not a report of ncclras -f json.")
    ras = _Ras()
    for communicator in document.need("communicators").items():
        _read_communicator(ras, communicator)
    if not ras.communicators:
        document.refuse("There is no communicator in the report: no job answered.")
    if version := document.text("nccl_version"):
        ras.versions["library"] = version
    if timeouts := document.child("ras").optional_whole("timeouts_count"):
        ras.remarks.append(f"{timeouts} timeouts while the report was gathered.")
    stamp = document.text("timestamp")
    ras.local = documents.local_time(stamp, "%Y-%m-%d %H:%M:%S")
    ras.instant = _instant(stamp)
    return ras.parsed(documents.storable_bytes(text, document.value))


def _read_communicator(ras: _Ras, communicator: documents.Json) -> None:
    size = communicator.whole("size")
    if size < 1:
        communicator.need("size").refuse("A communicator has one rank at least.")
    ranks = communicator.listed("ranks")
    absent = list(_absent(communicator, ras.remarks))
    ras.communicators += 1
    ras.expected += size
    left = sum(not is_missing for is_missing in absent)
    stated = communicator.optional_whole("missing_ranks_count") or 0
    ras.missing += max(stated - left, size - len(ranks) - left, sum(absent), 0)
    for rank in ranks:
        index = rank.optional_whole("nvml_dev")
        host = rank.text("host")
        if host:
            ras.ranks.add((host, -1 if index is None else index))
        if reason := _error(rank.child("status")):
            ras.errors += 1
            ras.remarks.append(f"Rank {rank.text('rank')} on {host}: {reason}.")


def _absent(communicator: documents.Json, remarks: list[str]) -> Iterator[bool]:
    """Whether each absent rank is missing. One that answers, but is no member, is just arriving or leaving."""
    for rank in communicator.listed("missing_ranks"):
        status = rank.child("status")
        flags = [_flag(status, name) for name in ("unresponsive", "considered_dead")]
        is_missing = any(flags) or None in flags
        what = "is considered dead" if flags[1] else "does not answer" if is_missing else "is no member"
        remarks.append(f"Rank {rank.text('rank')} on {rank.text('host')} {what}.")
        yield is_missing


def _flag(status: documents.Json, name: str) -> Any:
    flag = status.get(name)
    return None if flag is None else bool(flag.value)


def _error(status: documents.Json) -> str:
    for name in ("init_state", "async_error"):
        code = status.optional_whole(name)
        if code is not None and code not in _STILL_FINE:
            return f"{name.replace('_', ' ')} {code}"
    return "it was aborted" if _flag(status, "abort_flag") else ""


def _instant(text: str) -> datetime | None:
    try:
        stated = datetime.fromisoformat(text)
        return stated.astimezone(UTC) if stated.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
