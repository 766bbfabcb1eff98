"""The controls of the page, with their present values."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from readiness.tradeoffs.core.parsing import CarbonKind
from readiness.tradeoffs.windows.params import Aim
from readiness.tradeoffs.windows.planned import WindowsAnswer

type Line = dict[str, Any]


def panel(answer: WindowsAnswer, given: QueryDict) -> Line:
    """Keep the text as it was written, also where it was refused."""
    question = answer.question
    return {
        "sites": [
            ("Runs there", [_site(answer, *each) for each in answer.runs_at]),
            ("Other sites with hours", [_site(answer, *each) for each in answer.others]),
        ],
        "hours": given.get("hours") or f"{question.hours:g}",
        "days": given.get("days") or str(question.days),
        "carbon_price": given.get("carbon_price", ""),
        "at": given.get("at", ""),
        "currency": given.get("currency", ""),
        "pauses": _choices(
            (("no", "In one piece"), ("yes", "May pause")),
            "yes" if question.pauses else "no",
        ),
        "aims": _choices(((Aim.COST, "Cost"), (Aim.CARBON, "Carbon")), answer.aim),
        "carbons": _choices(
            (
                (CarbonKind.AVERAGE, "Average"),
                (CarbonKind.MARGINAL, "Marginal"),
                (CarbonKind.MARKET, "Market"),
            ),
            question.carbon,
        ),
    }


def _site(answer: WindowsAnswer, slug: str, name: str) -> Line:
    return {"value": slug, "label": name, "chosen": answer.site is not None and slug == answer.site.slug}


def _choices(pairs: tuple[tuple[str, str], ...], chosen: str) -> list[Line]:
    return [{"value": str(value), "label": label, "chosen": value == chosen} for value, label in pairs]
