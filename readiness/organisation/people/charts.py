"""Answers to a survey, drawn."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.organisation.people.queries.surveys import QuestionResult
from web.charts import Figure, bars, figure, nothing, table

MOST_NAMED = 3
SPLIT = (("As the record says", "ready"), ("Otherwise", "gap"))
"""Each bar has two parts: its words, and the role that colours it."""


def spreads(results: Sequence[QuestionResult]) -> Figure:
    """Draw a bar for each question over all its sites: answers as the record has it, and others."""
    told = [(each.question, each.spread) for each in results if each.spread is not None]
    if not told:
        return nothing("No question has enough answers to be shown.")
    totals: dict[str, list[int]] = {}
    for question, spread in told:
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
    split = [f"{question.text} ({question.site})" for question, spread in told if spread.is_split]
    rows = [
        [question.text, str(question.site), count.answer, count.count, "yes" if count.agrees else "no"]
        for question, spread in told
        for count in spread.counts
    ]
    meta = {
        "finding": f"{len(split)} of {len(told)} questions are split."
        + (f" {'; '.join(split[:MOST_NAMED])}" if split else ""),
        "table": table(["Question", "Site", "Answer", "Answers", "As the record says"], rows),
    }
    layout = go.Layout(barmode="stack", yaxis={"autorange": "reversed", "automargin": True})
    return figure(traces, layout, meta)
