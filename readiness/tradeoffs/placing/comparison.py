"""Two sites side by side, as the page of a placement shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from readiness.tradeoffs.core.objectives import ObjectiveDirection
from readiness.tradeoffs.core.options import BandedFigure
from readiness.tradeoffs.placing.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.rows import CAPACITY, LABELS, LEGAL_ANSWERS, text


def comparison(answer: PlacementAnswer, slugs: Sequence[str]) -> dict[str, Any] | None:
    """Two sites side by side; None unless both are candidates."""
    sites = [side for slug in slugs if (side := answer.option_at(slug)) is not None]
    if len(sites) != 2:
        return None
    rows: list[dict[str, Any]] = [
        {
            "label": "Standing",
            "cells": [{"text": (site.placed.standing.value)} for site in sites],
        },
        {"label": "Match", "cells": [{"text": _match(site)} for site in sites]},
    ]
    for each in answer.objectives:
        figures = [site.figures[each.name] for site in sites]
        rows.append(
            {
                "label": f"{LABELS[each.name]}, {answer.unit_of(each.name)}",
                "cells": [
                    {
                        "text": text(figure),
                        "why": figure.why_unknown,
                        "better": _better(figure, figures, each.direction),
                    }
                    for figure in figures
                ],
            }
        )
    hours = [site.useful_hour for site in sites]
    rows.append(
        {
            "label": f"Cost of an accelerator-hour in use, {hours[0].unit.partition(' ')[0]}",
            "cells": [{"text": text(hour), "why": hour.why_unknown} for hour in hours],
        }
    )
    for name, label in CAPACITY.items():
        after = [site.after[name] for site in sites]
        rows.append(
            {
                "label": f"{label} left after it",
                "cells": [{"text": text(side), "why": side.why_unknown} for side in after],
            }
        )
    rows += [
        {"label": "Jurisdiction", "cells": [_law(site) for site in sites]},
        {"label": "Operator", "cells": [_operator(site) for site in sites]},
        {
            "label": "What speaks against it",
            "cells": [
                {"reasons": [each.words for each in site.reasons], "name": site.name} for site in sites
            ],
        },
        {
            "label": "Against today",
            "cells": [{"text": site.consequence or "–"} for site in sites],
        },
    ]
    return {"names": [site.name for site in sites], "slugs": [site.slug for site in sites], "rows": rows}


def _match(option: PlacementOption) -> str:
    if option.ranked is None:
        return "–"
    return f"{option.match} ({'rank'} {option.ranked.rank})"


def _law(option: PlacementOption) -> dict[str, str]:
    return {"text": str(LEGAL_ANSWERS[option.law.answer]), "why": option.law.text}


def _operator(option: PlacementOption) -> dict[str, str]:
    """The answer about whoever controls the operator, and from where."""
    words = str(LEGAL_ANSWERS[option.law.sovereignty])
    controlled = option.operator_country or "not known"
    return {"text": f"{words} ({controlled})", "why": option.law.sovereignty_text}


def _better(figure: BandedFigure, both: Sequence[BandedFigure], direction: ObjectiveDirection) -> bool:
    values = [each.value for each in both]
    if figure.value is None or None in values or values[0] == values[1]:
        return False
    known = [value for value in values if value is not None]
    return figure.value == (max(known) if direction is ObjectiveDirection.MAX else min(known))
