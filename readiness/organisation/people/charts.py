"""Answers to a survey, and short shifts ahead, drawn."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from plotly import graph_objects as go

from inventory.models import DomainChoices
from readiness.organisation.people.core.cover import COVER_DAYS
from readiness.organisation.people.fleet import CoverLine
from readiness.organisation.people.queries.surveys import QuestionResult
from web.charts import Figure, bars, figure, nothing, table
from web.units import day, how_many

MOST_NAMED, FEW_SHIFTS = 3, 6
SPLIT = (("As the record says", "ready"), ("Otherwise", "gap"))
"""Each bar has two parts: its words, and the role that colours it."""


def spreads(results: Sequence[QuestionResult]) -> Figure:
    """Draw a bar for each question over all its sites: answers as the record has it, and others."""
    results_with_spread = [(each.question, each.spread) for each in results if each.spread is not None]
    if not results_with_spread:
        return nothing("No question has enough answers to be shown.")
    totals: dict[str, list[int]] = {}
    for question, spread in results_with_spread:
        agreeing = sum(count.count for count in spread.counts if count.agrees)
        total = totals.setdefault(question.text, [0, 0])
        total[0] += agreeing
        total[1] += spread.total - agreeing
    names = list(totals)
    traces = [
        bars(label, [total[place] for total in totals.values()], names, role, hover=f"%{{x}} {label.lower()}",
             orientation="h")
        for place, (label, role) in enumerate(SPLIT)
    ]  # fmt: skip
    split = [
        f"{question.text} ({question.site})" for question, spread in results_with_spread if spread.is_split
    ]
    rows = [
        [question.text, str(question.site), count.answer, count.count, "yes" if count.agrees else "no"]
        for question, spread in results_with_spread
        for count in spread.counts
    ]
    meta = {
        "finding": f"{len(split)} of {len(results_with_spread)} questions are split."
        + (f" {'; '.join(split[:MOST_NAMED])}" if split else ""),
        "table": table(["Question", "Site", "Answer", "Answers", "As the record says"], rows),
    }
    layout = go.Layout(barmode="stack", yaxis={"autorange": "reversed", "automargin": True})
    return figure(traces, layout, meta)


def short_weeks(lines: Iterable[CoverLine], *, now: datetime) -> Figure:
    """Draw how many shifts that begin in each week from now on are short, by domain."""
    short = [line.span for line in lines if line.span.standing == "short"]
    if not short:
        return nothing(f"No shift of the next {COVER_DAYS} days is short.")
    weeks = [now + timedelta(weeks=number) for number in range(-(-COVER_DAYS // 7))]
    counts = Counter((max((span.starts_at - now).days // 7, 0), span.domain) for span in short)
    names = [day(begins_at) for begins_at in weeks]
    traces = [
        bars(
            str(domain.label),
            names,
            [counts[number, domain.value] for number in range(len(weeks))],
            domain.value,
            hover="%{y} short, week from %{x}",
        )
        for domain in DomainChoices
    ]
    totals = [sum(counts[number, domain.value] for domain in DomainChoices) for number in range(len(weeks))]
    worst = max(range(len(weeks)), key=lambda number: totals[number])
    meta = {
        "finding": f"{how_many(len(short), 'shift is', 'shifts are')} short in {COVER_DAYS} days, most in the week"
        f" from {names[worst]}: {totals[worst]}.",
        "table": table(
            ["Week from", *(str(domain.label) for domain in DomainChoices), "All"],
            [
                [name, *(counts[number, domain.value] for domain in DomainChoices), totals[number]]
                for number, name in enumerate(names)
            ],
        ),
    }
    axis = {"rangemode": "tozero"} | ({"dtick": 1} if totals[worst] < FEW_SHIFTS else {})
    return figure(traces, go.Layout(barmode="stack", yaxis=axis), meta)
