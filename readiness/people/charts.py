"""Answers to a survey, drawn."""

from collections.abc import Sequence

from plotly import graph_objects as go

from readiness.people.queries.surveys import QuestionResult
from web.charts import Figure, bars, figure, nothing, table


def spreads(results: Sequence[QuestionResult]) -> Figure:
    """One bar for each question: answers as the record has it, and the others by how often they were given."""
    told = [(each.question, each.spread) for each in results if each.spread is not None]
    if not told:
        return nothing("No question has enough answers to be shown.")
    names = [f"{question.text} ({question.site})" for question, _spread in told]
    others = [[count for count in spread.counts if not count.agrees] for _question, spread in told]
    agreeing = [sum(count.count for count in spread.counts if count.agrees) for _question, spread in told]
    traces = [
        bars("As the record says", agreeing, names, "ready", hover="%{x} as the record says", orientation="h")
    ]
    for place in range(max(map(len, others))):
        of_place = [counts[place].count if place < len(counts) else 0 for counts in others]
        words = [counts[place].answer if place < len(counts) else "" for counts in others]
        traces.append(
            bars(
                f"Other answer {place + 1}",
                of_place,
                names,
                f"series-{place % 6 + 1}",
                hover="%{x} answered %{customdata}",
                orientation="h",
                customdata=words,
            )
        )
    split = [question.text for question, spread in told if spread.is_split]
    rows = [
        [question.text, str(question.site), count.answer, count.count, "yes" if count.agrees else "no"]
        for question, spread in told
        for count in spread.counts
    ]
    meta = {
        "finding": f"{len(split)} of {len(told)} questions are split."
        + (f" {'; '.join(split)}" if split else ""),
        "table": table(["Question", "Site", "Answer", "Answers", "As the record says"], rows),
    }
    layout = go.Layout(barmode="stack", yaxis={"autorange": "reversed", "automargin": True})
    return figure(traces, layout, meta)
