"""`dcgmi diag -j`, of DCGM 3 and 4, and `dcgmi mndiag -j`.

Judged by the severity of each failed test's errors, not by the exit code, which is not zero for harmless warnings.
A failed test without a severity counts as 3, unknown: it fails closed. So does a status that nobody knows, and a
document that stopped early.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from readiness.evidence.core.documents import MOST_FIGURES, Json, lines_of, text_of, tidy, without_secrets
from readiness.evidence.core.parsed import Figure, Parsed, ParseError

ROOTS = ("DCGM Diagnostic", "DCGM GPU Diagnostic")
"""Where `diag` puts everything; `mndiag` puts it at the top, beside its hosts."""
UNKNOWN = 3
BADNESS = {0: 0, 1: 1, 5: 2, 4: 3, 3: 4, 6: 5, 2: 6}
"""Severities from none to worst: monitor and configuration do not stop use, isolate stops it at once."""
GOOD = frozenset({"pass", "passed", "ok"})
NOT_RUN = frozenset({"skip", "skipped", "not run", "notrun", "n/a"})
LONG_TEST = "diagnostic"
STRESS_TESTS = frozenset({"targeted stress", "targeted power", "sm stress"})
"""What the long levels (3 and 4) run beyond the short ones; one of them asked for by name is no long diagnostic."""


def parse(content: bytes) -> Parsed:
    """Worst severity of each accelerator that a test ran on, and how long the diagnostic was."""
    text = text_of(content)
    document = Json.of(_body(text))
    root = _root(document)
    for holder in (document, root):
        for key in ("runtime_error", "runtime error", "error"):
            if (error := holder.get(key)) is not None:
                error.refuse(f"The diagnostic did not run: {tidy(error.value)}")
    severities: dict[str, int] = {}
    ran: dict[str, set[str]] = defaultdict(set)
    skipped: set[str] = set()
    warnings: list[str] = []
    hosts = _hosts(root)
    for name, result in _results(root):
        status = _status(result)
        subjects = _subjects(result, hosts)
        if status in NOT_RUN:
            skipped.update(subjects)
            continue
        severity = _severity(result, passed=status in GOOD)
        if severity:
            said = "; ".join(_messages(result)) or "no message"
            warnings.append(tidy(f"{name}, {', '.join(subjects)}: severity {severity}. {said}"))
        for subject in subjects:
            ran[subject].add(name.lower().replace("_", " "))
            severities[subject] = max(severities.get(subject, 0), severity, key=BADNESS.__getitem__)
        if len(severities) > MOST_FIGURES:
            result.refuse(f"There are more than {MOST_FIGURES} accelerators.")
    if not severities:
        root.refuse("No test ran on any accelerator.")
    if only_skipped := sorted(skipped - set(severities)):
        warnings.append(tidy(f"Every test was skipped on {', '.join(only_skipped)}."))
    return _parsed(without_secrets(text, document.value), root, severities, ran, warnings)


def _parsed(
    kept: bytes, root: Json, severities: dict[str, int], ran: dict[str, set[str]], warnings: list[str]
) -> Parsed:
    lengths = {subject: _length(names) for subject, names in ran.items()}
    length = "long" if set(lengths.values()) == {"long"} else "quick"
    figures = [
        Figure(
            name="severity",
            value=float(severity),
            subject=subject,
            variant=lengths[subject],
            operation="diagnostic",
        )
        for subject, severity in sorted(severities.items())
    ]
    worst = max(severities.values(), key=BADNESS.__getitem__)
    figures.append(Figure(name="worst_severity", value=float(worst), variant=length, operation="diagnostic"))
    metadata = root.get("metadata") or root
    first = next((host for host in root.listed("hosts") if host.is_object()), None)
    driver = metadata.text("Driver Version Detected") or metadata.text("driver_version_detected")
    version = metadata.text("version") or metadata.text("DCGM Version")
    if first is not None:
        driver, version = driver or first.text("driver_version"), version or first.text("dcgm_version")
    versions = [pair for pair in (("driver", driver), ("dcgm", version)) if pair[1]]
    return Parsed(
        tool="dcgm-diag",
        figures=tuple(figures),
        kept=kept,
        versions=tuple(versions),
        hosts=tuple(_hosts(root).values()),
        devices=tuple(sorted(severities)),
        warnings=tuple(warnings),
    )


def _length(names: set[str]) -> str:
    return "long" if LONG_TEST in names and names & STRESS_TESTS else "quick"


def _body(text: str) -> str:
    """Remarks that other tools print before the document become empty lines, so that line numbers stay."""
    kept, begun = [], False
    for _, line in lines_of(text):
        begun = begun or line.lstrip().startswith("{")
        kept.append(line if begun else "")
    if not begun:
        raise ParseError(1, "There is no JSON document; run dcgmi diag with -j.")
    return "\n".join(kept)


def _root(document: Json) -> Json:
    for key in ROOTS:
        if (root := document.get(key)) is not None:
            return root
    if document.get("test_categories") is not None:
        return document
    return document.refuse(f"None of {', '.join(ROOTS)} is there: this is no output of dcgmi diag -j.")


def _hosts(root: Json) -> dict[str, str]:
    """Names of the hosts of a multi-node diagnostic, by their number in the document."""
    return {
        host.text("host_id"): host.text("hostname")
        for host in root.listed("hosts")
        if host.is_object() and host.text("hostname")
    }


def _results(root: Json) -> Iterator[tuple[str, Json]]:
    """Each test's results, and its summary where that is worse than they say, or there are none."""
    for category in root.need("test_categories").items():
        if category.value is None:
            continue
        for test in category.listed("tests"):
            name = test.text("name") or "unnamed test"
            results = test.listed("results")
            for result in results:
                yield name, result
            summary = test.get("test_summary")
            if summary is None:
                continue
            failed = any(_status(result) == "fail" for result in results)
            if not results or (_status(summary) == "fail" and not failed):
                yield name, summary
    # Errors about no entity: of a host, or of the run as a whole.
    for error in root.listed("global_errors"):
        yield "the run", error


def _status(result: Json) -> str:
    """In lower case. An unknown word fails closed; so does none where a warning is given."""
    status = result.text("status").strip().lower().replace("_", " ")
    return status if status in GOOD | NOT_RUN else "fail"


def _subjects(result: Json, hosts: Mapping[str, str]) -> list[str]:
    """`GPU 3`; version 3 lists several numbers in one text. Results about no accelerator are about the node."""
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
    """The worst of the result's warnings; 3 where a failed one has none, or a warning has no severity.

    A test that passed with an error of some severity beside it counts by that: the tool has been seen to do so.
    """
    found = []
    alone = [result] if result.get("error_severity") is not None else []
    for warning in (*_warnings(result), *alone):
        value = warning.get("error_severity") if warning.is_object() else None
        severity = None if value is None else value.as_number()
        if severity is not None and severity in BADNESS and severity:
            found.append(int(severity))
        elif not passed or (value is not None and severity != 0):
            found.append(UNKNOWN)
    default = 0 if passed else UNKNOWN
    return max(found, key=BADNESS.__getitem__) if found else default


def _warnings(result: Json) -> list[Json]:
    """Version 3 writes one text, or a list of them, where version 4 writes objects."""
    warnings = result.get("warnings")
    if warnings is None:
        return []
    return list(warnings.items()) if isinstance(warnings.value, list) else [warnings]


def _messages(result: Json) -> list[str]:
    messages = [result.text("warning")]
    for warning in _warnings(result)[:5]:
        messages.append(warning.text("warning") if warning.is_object() else tidy(warning.value))
    return [message for message in messages if message]
