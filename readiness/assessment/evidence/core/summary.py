"""Sample size and failures of a run, in a few words each."""

from collections.abc import Sequence

from readiness.assessment.evidence.core import parsed
from readiness.assessment.evidence.core.parsed import size_text
from readiness.assessment.evidence.core.parsers.dcgm_diag import ACCELERATOR, WORDS
from readiness.assessment.evidence.core.proving.collectives import participation
from readiness.assessment.evidence.core.proving.floors import COLLECTIVES
from readiness.assessment.evidence.core.proving.values import Run, SiteParts, few

_SAMPLES = {
    "perftest": "iterations",
    "sockperf": "observations",
    "fio": "operations",
    "iperf3": "packets",
    "vllm-bench": "requests",
    "stream": "repeats",
    "osu": "iterations",
    "junit": "tests",
}
_COUNTS = parsed.FAILURES | {parsed.RANKS, parsed.TEST, parsed.FAILED_TEST, *parsed.IDENTITIES}
"""Figures about how a run went; they have no samples."""


def sample_size(tool: str, figures: Sequence[parsed.Figure]) -> str:
    if tool in COLLECTIVES:
        sizes = {figure.size_bytes or 0 for figure in figures if figure.name == "busbw"}
        return (
            f"{len(sizes)} size{'' if len(sizes) == 1 else 's'}, up to {size_text(max(sizes))}"
            if sizes
            else ""
        )
    if tool == "dcgm-diag":
        tests = sum(figure.name == parsed.TEST for figure in figures)
        results = sum(figure.name == "severity" for figure in figures)
        counted = f"{tests} test{'' if tests == 1 else 's'}, {results} result{'' if results == 1 else 's'}"
        return counted if tests else "Muster did not keep which tests ran."
    if tool == "csv":
        return f"{len(figures)} row{'' if len(figures) == 1 else 's'}"
    sizes = {figure.samples for figure in figures if figure.samples and figure.name not in _COUNTS}
    if not sizes:
        return "The output does not state a sample size."
    least, most = min(sizes), max(sizes)
    return f"{f'{least:,}' if least == most else f'{least:,} to {most:,}'} {_SAMPLES.get(tool, 'samples')}"


def failures_text(tool: str, figures: Sequence[parsed.Figure]) -> str:
    if tool == "dcgm-diag":
        worst = [figure for figure in figures if figure.name == "severity" and figure.value]
        skipped = sum(bool(figure.caution) for figure in figures if figure.name == "severity")
        bad = [
            f"{figure.subject}: severity {figure.value:.0f} ({WORDS[int(figure.value or 0)]})"
            for figure in worst
        ]
        failures = [
            few(bad) or "No test failed",
            f"tests were skipped on {skipped} accelerator{'' if skipped == 1 else 's'}" if skipped else "",
        ]
        return "; ".join(filter(None, failures)) + "."
    counted = parsed.failures_of(figures)
    if counted.count is not None:
        return f"{counted.text}."
    unchecked = next((figure.caution for figure in figures if figure.name == parsed.WRONG_VALUES), "")
    return unchecked or "The output does not count failures. Muster refuses the output of a run that failed."


def coverage_text(run: Run, site: SiteParts) -> str:
    names = few([site.nodes[node] for node in run.nodes if node in site.nodes])
    installed = sum(node in run.nodes for node, _ in site.accelerators)
    if run.tool in COLLECTIVES:
        lacking = participation(run, site).lacking
        return lacking or (f"All {installed} accelerators of {names}." if names else _no_device(run))
    if run.tool == "dcgm-diag":
        subjects = {
            figure.subject for figure in run.figures if figure.name == "severity" and not figure.caution
        }
        covered = sum(ACCELERATOR.fullmatch(subject) is not None for subject in subjects)
        return f"{covered} of {installed} accelerators of {names}." if names else _no_device(run)
    ports = sorted({figure.subject for figure in run.figures if run.tool == "perftest" and figure.subject})
    where = " and ".join(filter(None, [few(ports), names]))
    return f"{where}." if where else _no_device(run)


def _no_device(run: Run) -> str:
    return (
        "The run names no device of the site."
        if not run.devices
        else "None of its devices is a node in service."
    )
