"""Digests that tell when two runs are one, or two tests of one thing, and the columns that a comparison decides."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import datetime
from itertools import product
from typing import Any

from readiness.assessment.evidence import refusals
from readiness.assessment.evidence.core.bearing import CHECKS_OF_TOOL, NAME_CHECKS
from readiness.assessment.evidence.core.identity import FileIdentity
from readiness.assessment.evidence.core.parsed import (
    DEVICE_ID,
    END,
    FAILED,
    FAILED_TEST,
    IDENTITIES,
    ITERATIONS,
    RANKS,
    TEST,
    Parsed,
)
from readiness.assessment.evidence.core.proving.enough import STATED, amount_in
from readiness.assessment.evidence.core.proving.values import ENTERED
from readiness.assessment.evidence.core.reconciling import Reconciled
from readiness.assessment.evidence.models import Tool, ValidationRun
from readiness.assessment.evidence.models.runs import LONGEST_REASON
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.minimums import minimum
from web import scopes

OUTCOMES = frozenset({RANKS, FAILED, FAILED_TEST, DEVICE_ID, END, ITERATIONS, *IDENTITIES})
"""Figures about how a run went, not what it measured."""
COLLECTIVES = frozenset({Tool.NCCL_TESTS, Tool.RCCL_TESTS})
DISCRETE = frozenset({Tool.DCGM_DIAG, Tool.CSV, Tool.JUNIT, Tool.NCCL_RAS})
"""Tools whose clean results are the same every time, so that only the day tells two runs apart."""


def test_digest(run: ValidationRun, parsed: Parsed, device_ids: Sequence[int], framework: Framework) -> str:
    """A digest of what the run measured: the same test of the same devices under the same load, whatever the result.

    Of runs with one digest only the newest is read, so the digest includes everything that decides whether a run can
    count: a quick diagnostic must not hide a long one, nor a run of small sizes, on fewer accelerators, of fewer
    iterations than asked for, or without checked results a full one.
    """
    on = sorted(map(str, device_ids)) or sorted(parsed.hosts)
    # The tool's own port is that of the first device.
    on += [f"from {device_ids[0]}"] if run.tool == Tool.PERFTEST and len(device_ids) > 1 else []
    # A declaration hides no run.
    entered = ["declared"] if run.provenance in ENTERED else []
    test = _test(run.tool, parsed)
    short = ["short"] if _is_short(run.tool, parsed, framework) else []
    context = (run.tool, run.scope, run.load, run.platform, on, bool(run.loopback), test, *entered, *short)
    return hashlib.blake2s(repr(context).encode(), digest_size=16).hexdigest()


def _is_short(tool: str, parsed: Parsed, framework: Framework) -> bool:
    """Whether a figure of the file is below a minimum of a check that the tool affects."""
    for check_id, measure in product(CHECKS_OF_TOOL.get(tool, ()), STATED):
        least, amount = minimum(framework, check_id, tool, measure), amount_in(parsed.figures, measure)
        if least is not None and amount is not None and amount < least.value:
            return True
    return False


def _test(tool: str, parsed: Parsed) -> tuple[object, ...]:
    names = tool in NAME_CHECKS
    lengths = tool == Tool.DCGM_DIAG
    figures = [each for each in parsed.figures if each.name not in OUTCOMES]
    if tool == Tool.SUPERBENCH:
        # A benchmark that failed has no figures, and its run is still the newest result of these benchmarks.
        figures = [each for each in figures if each.name == TEST]
    subjects = {
        (each.name if names else "", each.operation, each.subject, each.variant if lengths else "")
        for each in figures
    }
    largest = max((each.size_bytes or 0 for each in figures), default=0)
    # What a diagnostic skipped cannot be judged, and hides no run that can.
    lacking = sorted(each.name for each in figures if each.value is None or (lengths and each.caution))
    ranks = [sum(each.value or 0 for each in parsed.figures if each.name == RANKS)]
    return sorted(subjects), largest, lacking, *(ranks if tool in COLLECTIVES else [])


def content_digest(parsed: Parsed, *, taken_at: datetime) -> str:
    """A digest of figures and identity in the file, so that another comment, order or file name makes no other run.

    The file's own time is not part of it, because a copy may bear another one.
    """
    figures = sorted(repr(astuple(figure)) for figure in parsed.figures)
    day = taken_at.date().isoformat() if parsed.tool in DISCRETE and not parsed.fingerprint else ""
    content = (
        parsed.tool,
        figures,
        sorted(parsed.hosts),
        sorted(parsed.devices),
        sorted(repr(astuple(each)) for each in parsed.accelerators),
        parsed.fingerprint,
        day,
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()


def refuse_copies(digests: Iterable[tuple[str, str]], *, moved: int = 0) -> None:
    """Raise SameFile for a run that is stored anywhere in the installation. `digests` are of bytes and of content,
    `moved` is the stored run that they are of."""
    pairs = list(digests)
    of_bytes, of_content = [each for each, _ in pairs], [each for _, each in pairs]
    if len(set(of_content)) < len(pairs):
        raise refusals.EvidenceRefused("file", "Two of the files are the same run.")
    with scopes.everything():
        stored = ValidationRun.objects.filter(withdrawn_at=None).exclude(pk=moved)
        first = (
            stored.filter(file_sha256__in=of_bytes).order_by("pk").first()
            or stored.filter(content_digest__in=of_content).order_by("pk").first()
        )
    if first is None:
        return
    visible = ValidationRun.objects.filter(pk=first.pk).select_related("site").first()
    where = f"run {first.pk} of {visible.site.name}" if visible else "a run of another site"
    raise refusals.SameFile("file", f"This file is {where} already.", first.pk if visible else None)


def comparison_columns(file: FileIdentity, result: Reconciled) -> dict[str, Any]:
    """The columns of a run that the comparison with the inventory decides."""
    contradictions = [each.reason for each in result.objections] + [result.mismatch]
    return {
        "identity": file.written(),
        "sender_named": result.is_sender_named,
        "mismatch": next(filter(None, contradictions), "")[:LONGEST_REASON],
        "implausible": result.implausible[:LONGEST_REASON],
    }
