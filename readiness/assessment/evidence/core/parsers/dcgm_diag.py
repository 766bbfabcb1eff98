"""`dcgmi diag -j`, of DCGM 3 and 4, and `dcgmi mndiag -j`.

Each failed test is judged by the severity of its errors, not by the exit code, which is not zero even for harmless
warnings. Everything unclear fails closed: a failed test without a severity counts as 3 (unknown), and so do an unknown
status and a document that stopped early. An accelerator has not passed if a test was skipped on it that ran on others,
or that every level requires.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from readiness.assessment.evidence.core.documents import (
    MOST_FIGURES,
    Json,
    json_below,
    storable_bytes,
    text_of,
    tidy,
)
from readiness.assessment.evidence.core.parsed import (
    DEVICE_ID,
    FAILED_TEST,
    IDENTITIES,
    TEST,
    Figure,
    Parsed,
    SeenAccelerator,
)

ROOTS = ("DCGM Diagnostic", "DCGM GPU Diagnostic")
"""Root members of a `diag` document; `mndiag` has the content at the top, with its hosts."""
UNKNOWN = 3
WORDS = {
    0: "none",
    1: "monitor",
    2: "isolate",
    UNKNOWN: "unknown",
    4: "triage",
    5: "configuration",
    6: "reset",
}
"""DCGM's own words for severities."""
BADNESS = {0: 0, 1: 1, 5: 2, 4: 3, 3: 4, 6: 5, 2: 6}
"""Severities from none to worst: with monitor and configuration the accelerator stays in use; isolate stops it at once.
"""
GOOD = frozenset({"pass", "passed", "ok"})
NOT_RUN = frozenset({"skip", "skipped", "not run", "notrun", "n/a"})
LONG_TEST = "diagnostic"
CORE_TESTS = frozenset({"memory", "pcie", LONG_TEST})
"""A long diagnostic has all of these tests. Skipping one of them, or a stress test, counts even if no accelerator ran
it; other tests, such as `eud`, are often not installed."""
RUN = "the run"
"""Stands for the test of errors about the run as a whole."""
ACCELERATOR = re.compile(r"(?:(\S+) )?GPU (\d{1,5})")
STRESS_TESTS = frozenset({"targeted stress", "targeted power", "sm stress"})
"""Only levels 3 and 4, the long ones, run these tests; a run of tests chosen by name is not a long diagnostic."""
NAMES = {"gpu memory": "memory"}
"""Test names of version 3 that differ in version 4."""


@dataclass
class _TestsOfSubject:
    ran: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    skipped: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    warnings: list[str] = field(default_factory=list)

    def severity(self, subject: str) -> int:
        return max(self.ran[subject].values(), key=BADNESS.__getitem__)

    def lacking(self, subject: str, anywhere: set[str]) -> list[str]:
        required_tests = CORE_TESTS | STRESS_TESTS
        skipped = self.skipped.get(subject, set()) & (anywhere | required_tests)
        passed_over = anywhere & required_tests
        return sorted((skipped | passed_over) - self.ran.get(subject, {}).keys())

    def accelerators(self) -> list[str]:
        return sorted(each for each in self.ran.keys() | self.skipped.keys() if ACCELERATOR.fullmatch(each))


def parse(content: bytes) -> Parsed:
    text = text_of(content)
    document = Json.parse(json_below(text, "run dcgmi diag with -j")[1])
    root = _root(document)
    for holder in (document, root):
        for key in ("runtime_error", "runtime error", "error"):
            if (error := holder.get(key)) is not None:
                error.refuse(f"The diagnostic did not run: {tidy(error.value)}")
    results = _TestsOfSubject()
    hosts = _hosts(root)
    for name, result in _results(root):
        _read_result(results, name, result, hosts)
    if not results.ran:
        root.refuse("No test ran on any accelerator.")
    return _parsed(storable_bytes(text, document.value), document, root, results)


def _read_result(results: _TestsOfSubject, name: str, result: Json, hosts: Mapping[str, str]) -> None:
    status = _status(result)
    subjects = _subjects(result, hosts)
    test = name.lower().replace("_", " ")
    test = NAMES.get(test, test)
    if status in NOT_RUN:
        for subject in subjects:
            results.skipped[subject].add(test)
        return
    severity = _severity(result, passed=status in GOOD)
    if severity:
        message = "; ".join(_messages(result)) or "no message"
        results.warnings.append(tidy(f"{name}, {', '.join(subjects)}: severity {severity}. {message}"))
    for subject in subjects:
        severity_by_test = results.ran[subject]
        severity_by_test[test] = max(severity_by_test.get(test, 0), severity, key=BADNESS.__getitem__)
    if len(results.ran) > MOST_FIGURES:
        result.refuse(f"There are more than {MOST_FIGURES} accelerators.")


def _parsed(content: bytes, document: Json, root: Json, results: _TestsOfSubject) -> Parsed:
    metadata = root.get("metadata") or document.get("metadata") or root
    first = next((host for host in root.listed("hosts") if host.is_object()), None)
    driver = metadata.text("Driver Version Detected") or metadata.text("driver_version_detected")
    version = metadata.text("version") or metadata.text("DCGM Version")
    if first is not None:
        driver, version = driver or first.text("driver_version"), version or first.text("dcgm_version")
    figures = [*_severities(results), *_tests(results), *_identities(document, root)]
    accelerators = _accelerators(figures)
    skips = [figure.caution for figure in figures if figure.caution]
    return Parsed(
        tool="dcgm-diag",
        figures=tuple(figures),
        content=content,
        versions=tuple(pair for pair in (("driver", driver), ("dcgm", version)) if pair[1]),
        hosts=tuple(_hosts(root).values()),
        accelerators=accelerators,
        fingerprint=_infos(root),
        warnings=(*results.warnings, *skips),
    )


def _severities(results: _TestsOfSubject) -> Iterator[Figure]:
    lengths = {
        subject: _length(tests.keys() | (results.skipped.get(subject, set()) & CORE_TESTS))
        for subject, tests in results.ran.items()
    }
    accelerators = set(results.accelerators())
    anywhere = {test for subject in accelerators for test in results.ran.get(subject, ())}
    for subject in sorted(results.ran.keys() | accelerators):
        lacking = results.lacking(subject, anywhere) if subject in accelerators else []
        severity = results.severity(subject) if subject in results.ran else None
        caution = tidy(f"Tests were skipped on {subject}: {', '.join(lacking)}.") if lacking else ""
        if severity is None:
            caution = f"Every test was skipped on {subject}."
        yield Figure(
            name="severity",
            value=severity,
            subject=subject,
            variant=lengths.get(subject, "quick"),
            operation="diagnostic",
            # A failed test counts as failed, whatever else was skipped.
            caution="" if severity else caution,
        )
    worst = max(map(results.severity, results.ran), key=BADNESS.__getitem__)
    length = "long" if set(lengths.values()) == {"long"} else "quick"
    yield Figure(name="worst_severity", value=float(worst), variant=length, operation="diagnostic")


def _tests(results: _TestsOfSubject) -> Iterator[Figure]:
    ran = Counter(test for tests in results.ran.values() for test in tests)
    for test, count in sorted(ran.items()):
        yield Figure(name=TEST, value=float(count), operation=test)
    for subject, tests in sorted(results.ran.items()):
        for test, severity in sorted(tests.items()):
            if severity:
                yield Figure(name=FAILED_TEST, value=float(severity), operation=test, subject=subject)


def _identities(document: Json, root: Json) -> Iterator[Figure]:
    for holder in (document, root):
        for group in holder.listed("entity_groups"):
            if group.text("entity_group").upper() != "GPU":
                continue
            for entity in group.listed("entities"):
                for key, name in (("serial_num", "serial"), ("uuid", "uuid"), ("device_id", DEVICE_ID)):
                    yield from _identity(name, entity.text("entity_id"), entity.text(key))
    holders = [each for each in (document, root, root.get("metadata")) if each is not None]
    for each in holders:
        serials = each.get("GPU Device Serials")
        if serials is not None and serials.is_object():
            for number in serials.names():
                yield from _identity("serial", number, serials.text(number))
        for place, device_id in enumerate(each.listed("GPU Device IDs")):
            yield from _identity(DEVICE_ID, str(place), str(device_id.value))


def _identity(name: str, number: str, value: str) -> Iterator[Figure]:
    """Some boards have no serial number and print zeros or a word instead."""
    if number.isdecimal() and value.strip("0") and any(char.isdigit() for char in value):
        yield Figure(name=name, value=float(int(number[:5])), subject=f"GPU {number[:5]}", variant=value)


def _accelerators(figures: Sequence[Figure]) -> tuple[SeenAccelerator, ...]:
    by_number: dict[int, dict[str, str]] = defaultdict(dict)
    for figure in figures:
        if figure.name in (*IDENTITIES, DEVICE_ID):
            by_number[int(figure.value or 0)][figure.name] = figure.variant
    return tuple(
        SeenAccelerator(
            index=number,
            uuid=names.get("uuid", ""),
            serial=names.get("serial", ""),
            device_id=names.get(DEVICE_ID, ""),
        )
        for number, names in sorted(by_number.items())
    )


def _infos(root: Json) -> str:
    """Return the words of what the tests measured: clean results alone are the same every time."""
    infos = [result.get("info") for _, result in _results(root)]
    lists = [[info] if isinstance(info.value, str) else info.items() for info in infos if info is not None]
    return " ".join(tidy(text.value) for texts in lists for text in texts)


def _length(names: set[str]) -> str:
    return "long" if names >= CORE_TESTS and names & STRESS_TESTS else "quick"


def _root(document: Json) -> Json:
    for key in ROOTS:
        if (root := document.get(key)) is not None:
            return root
    if document.get("test_categories") is not None:
        return document
    return document.refuse(f"None of {', '.join(ROOTS)} is there: this is not output of dcgmi diag -j.")


def _hosts(root: Json) -> dict[str, str]:
    return {
        host.text("host_id"): host.text("hostname")
        for host in root.listed("hosts")
        if host.is_object() and host.text("hostname")
    }


def _results(root: Json) -> Iterator[tuple[str, Json]]:
    for category in root.need("test_categories").items():
        if category.value is None:
            continue
        for test in category.listed("tests"):
            name = test.text("name") or "unnamed test"
            results = test.listed("results")
            yield from ((name, result) for result in results)
            summary = test.get("test_summary")
            if summary is None:
                continue
            failed = any(_status(result) == "fail" for result in results)
            if not results or (_status(summary) == "fail" and not failed):
                yield name, summary
    # Errors without an entity belong to a host or to the whole run.
    yield from ((RUN, error) for error in root.listed("global_errors"))


def _status(result: Json) -> str:
    """Return the status in lower case. An unknown status fails closed, and so does a missing one with a warning."""
    status = result.text("status").strip().lower().replace("_", " ")
    return status if status in GOOD | NOT_RUN else "fail"


def _subjects(result: Json, hosts: Mapping[str, str]) -> list[str]:
    """`GPU 3`; version 3 lists several numbers in one text. Results without an accelerator belong to the node."""
    for key in ("gpu_ids", "gpu_id", "gpu_list"):
        if ids := result.text(key):
            return [tidy(f"GPU {part}") for part in ids.split(",") if part.strip()][:MOST_FIGURES] or ["node"]
    group = result.text("entity_group")
    number = result.text("entity_id")
    host = hosts.get(result.text("host_id"), "") or result.text("hostname")
    if group and number:
        return [tidy(f"{host} {group} {number}")]
    return [host or "node"]


def _severity(result: Json, *, passed: bool) -> int:
    """The worst severity of the result's warnings; 3 if a failed result has none, or a warning has no severity. A
    passed test with an error counts by the severity of that error: the tool is known to report this."""
    severities = []
    alone = [result] if result.get("error_severity") is not None else []
    for warning in (*_warnings(result), *alone):
        value = warning.get("error_severity") if warning.is_object() else None
        severity = None if value is None else value.numeric_value()
        if severity is not None and severity in BADNESS and severity:
            severities.append(int(severity))
        elif not passed or (value is not None and severity != 0):
            severities.append(UNKNOWN)
    default = 0 if passed else UNKNOWN
    return max(severities, key=BADNESS.__getitem__) if severities else default


def _warnings(result: Json) -> list[Json]:
    """Version 3 writes one text or a list of texts, version 4 writes objects."""
    warnings = result.get("warnings")
    if warnings is None:
        return []
    return list(warnings.items()) if isinstance(warnings.value, list) else [warnings]


def _messages(result: Json) -> list[str]:
    messages = [result.text("warning")]
    for warning in _warnings(result)[:5]:
        messages.append(warning.text("warning") if warning.is_object() else tidy(warning.value))
    return [message for message in messages if message]
