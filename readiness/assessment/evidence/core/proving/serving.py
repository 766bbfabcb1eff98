"""p1-serving-latency: tails of served requests, of the models that the site's workload classes serve at their peak."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.assessment.evidence.core.parsed import DURATION, REQUESTS
from readiness.assessment.evidence.core.proving.enough import least
from readiness.assessment.evidence.core.proving.floors import figure_named
from readiness.assessment.evidence.core.proving.values import (
    Proof,
    Proofs,
    Run,
    ServedClass,
    SiteParts,
    drop_missing,
    newest_by,
    proof_of,
)
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.framework.core.vocabulary import Amount

TOOLS = frozenset({"mlperf", "vllm-bench"})
SERVED_RATE = "request_throughput"
"""Name of the figure for the requests that a run completed in a second."""
NOTHING_DECLARED = "no class here declares a model or a peak to compare with"


@dataclass(frozen=True, slots=True)
class Bearing:
    """A workload class that a run may prove, "" if none is there to compare with. `other` says what the run proves
    instead; it is empty if the run serves the class at its share of the peak."""

    slug: str = ""
    other: str = ""


def serving(check: Check, runs: Sequence[Run], site: SiteParts, now: datetime) -> Proofs:
    served = [run for run in runs if run.tool in TOOLS]
    bearings = {run.id: list(_bearings(check, run, site)) for run in served}
    # A run of another model neither proves a class nor stands beside a run that does.
    relevant = [run for run in served if any(not each.other or each.slug for each in bearings[run.id])]
    proofs_by_part: dict[str, list[Proof | None]] = {}
    for part_id, name, percentile in (
        ("ttft-p99", "ttft", 99.0),
        ("tpot-p99", "tpot", 99.0),
        ("duration", DURATION, None),
    ):
        part = check.part(part_id)
        of_subject: dict[tuple[str, str], list[Proof]] = defaultdict(list)
        for run in relevant or served:
            figure = figure_named(run, name, percentile)
            if figure is None:
                continue
            reason = "" if percentile is None else figure.caution or _too_small(check, run)
            for bearing in bearings[run.id]:
                proof = proof_of(
                    run,
                    part,
                    figure.value,
                    detail=figure.subject if site.served else _remarked(figure.subject),
                    cannot_judge=reason or bearing.other,
                )
                of_subject[_subject(bearing, figure.subject, site)].append(proof)
        proofs_by_part[part_id] = [*newest_by(of_subject, part, now).values()]
    return drop_missing(proofs_by_part)


def _remarked(model: str) -> str:
    return f"{model}; {NOTHING_DECLARED}" if model else NOTHING_DECLARED


def _subject(bearing: Bearing, model: str, site: SiteParts) -> tuple[str, str]:
    """The newest run of any model that a class names counts for it; without such a list each model has its own."""
    names_models = any(each.slug == bearing.slug and each.models for each in site.served)
    return bearing.slug, "" if names_models else model


def _bearings(check: Check, run: Run, site: SiteParts) -> Iterator[Bearing]:
    if not site.served:
        yield Bearing()
        return
    model = _plain(_model(run))
    of_model = [each for each in site.served if model in map(_plain, each.models)]
    for served in of_model:
        yield Bearing(served.slug, _below_peak(check, run, served, site))
    if of_model:
        return
    # A class that names no model may be the one that ran, so the run counts for those whose peak it reaches.
    of_any = [each for each in site.served if not each.models]
    shortfalls = {each.slug: _below_peak(check, run, each, site) for each in of_any}
    reached = [slug for slug, shortfall in shortfalls.items() if not shortfall]
    yield from map(Bearing, reached)
    if of_any and not reached:
        nearest = min(of_any, key=lambda each: (each.peak_per_s or 0.0, each.slug))
        yield Bearing(nearest.slug, shortfalls[nearest.slug])
    if not of_any:
        most = max(site.served, key=lambda each: (each.peak_per_s or 0.0, each.slug))
        yield Bearing("", _another(run, most, most.peak_per_s))


def _below_peak(check: Check, run: Run, served: ServedClass, site: SiteParts) -> str:
    minimum = least(check, run.tool, Amount.PEAK_SHARE)
    if served.peak_per_s is None or minimum is None:
        return ""
    peak = served.peak_per_s * _part_of_class(run, served, site)
    rate = _rate(run)
    return "" if rate is not None and rate >= minimum.value * peak else _another(run, served, peak)


def _part_of_class(run: Run, served: ServedClass, site: SiteParts) -> float:
    """Accelerators that ran over those that the class holds; 1 if either is not known."""
    ran = sum(1 for node, _ in site.accelerators if node in run.nodes)
    return ran / served.accelerators if ran and served.accelerators else 1.0


def _another(run: Run, served: ServedClass, peak_per_s: float | None) -> str:
    rate, model = _rate(run), _model(run) or "a model that it does not name"
    ran = f"The run served {model}" + ("" if rate is None else f" at {rate:.3g} requests/s")
    if rate is None and peak_per_s is not None:
        ran += " at a rate that it does not state"
    class_text = f"class {served.slug} serves {served.models[0] if served.models else 'any model'}"
    if peak_per_s is not None:
        part = peak_per_s != served.peak_per_s
        class_text += f" at {peak_per_s:.3g}/s at peak" + (" on the accelerators of the run" if part else "")
    return f"{ran}; {class_text}."


def _model(run: Run) -> str:
    figure = figure_named(run, "ttft", 99.0) or figure_named(run, DURATION)
    return figure.subject if figure else ""


def _plain(model: str) -> str:
    """The last part of a model's path: `meta-llama/Llama-3.1-8B` and `/models/llama-3.1-8b` are one."""
    return model.strip().rstrip("/").rpartition("/")[2].lower()


def _rate(run: Run) -> float | None:
    figure = figure_named(run, SERVED_RATE)
    return figure.value if figure else None


def _too_small(check: Check, run: Run) -> str:
    """Say why the tail is not evidence: the run was too short or served too few requests, or does not say."""
    duration = figure_named(run, DURATION)
    shortest, fewest = least(check, run.tool, Amount.DURATION), least(check, run.tool, Amount.REQUESTS)
    if shortest is not None:
        if duration is None or duration.value is None:
            return f"The run does not say that it lasted {shortest.value:g} s."
        if duration.value < shortest.value:
            return f"The run lasted {duration.value:.0f} s; {shortest.value:g} s are needed."
    count = _requests(run)
    if fewest is None or (count is not None and count >= fewest.value):
        return ""
    if count is None:
        return f"The run does not say that it served {fewest.value:,.0f} requests."
    return f"The run served {count:,.0f} requests; {fewest.value:,.0f} are needed."


def _requests(run: Run) -> float | None:
    """Completed requests; those of a run that was stored before they were a figure stand behind its percentiles."""
    figure = figure_named(run, REQUESTS)
    if figure is not None:
        return figure.value
    tail = figure_named(run, "ttft", 99.0)
    return None if tail is None or tail.samples is None else float(tail.samples)
