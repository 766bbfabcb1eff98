"""Figures and controls of the explorer in templates. `{% load placements %}`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template

from readiness.demand.jurisdiction.core.sentences import country
from readiness.tradeoffs.placing import rows, sentences
from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption

register = template.Library()
register.filter("shown", rows.text)
register.filter("held", sentences.accelerators_held)


@register.filter
def match_in(option: PlacementOption, answer: PlacementAnswer) -> str:
    return answer.match_text(option)


@register.filter
def remarks_in(option: PlacementOption, answer: PlacementAnswer) -> list[str]:
    return sentences.remarks(answer, option)


@register.filter
def first_word(words: str) -> str:
    """`EUR/h` of `EUR/h in use`."""
    return words.partition(" ")[0]


BARRED = re.compile(r"^[A-Z]{2}(?= is (?:not among the allowed countries|a forbidden country)$)")


@register.filter
def name_country(words: str) -> str:
    """`Ireland (IE) is a forbidden country` for `IE is a forbidden country`: answers and files keep the bare code."""
    return BARRED.sub(lambda code: country(code[0]), words)


@register.filter
def bare(sentence: str) -> str:
    return sentence.rstrip(".")


@register.inclusion_tag("tradeoffs/lever.html", takes_context=True)
def lever(
    context: Any, name: str, label: str, *, usual: str = "", value: str | None = None, low: float = 0,
    high: float | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A number input with a slider; without `high` there is no slider. `usual` is the default. `more` may hold unit,
    note, step and is_weight.
    """
    value = context["asked"].get(name, "") if value is None else value
    if high is not None and value:
        # A typed number may lie beyond the slider's usual end.
        high = max(high, float(value))
    is_set = bool(value) and value != usual and not more.get("is_weight")
    state = {"value": value, "usual": usual, "at": value or usual, "is_set": is_set}
    return {"lever": {"name": name, "label": label, "low": low, "high": high, "step": 5, **state, **more}}


@register.inclusion_tag("tradeoffs/lever.html", takes_context=True)
def limit(context: Any, name: str, label: str, usual: float | None, **more: Any) -> dict[str, Any]:
    """A limit with a slider up to three times the envelope's value; without a value there is no slider."""
    attributes: dict[str, Any] = {"note": "at most", "step": 0.01}
    if usual is not None:
        attributes |= {"usual": f"{usual:g}", "high": usual * 3, "step": _step(usual)}
    return lever(context, name, label, **attributes | more)


def _step(usual: float) -> float:
    """About a hundred steps over the slider, as a power of ten."""
    step = 1.0
    while step > usual / 20:
        step /= 10
    while step * 10 <= usual / 20:
        step *= 10
    return step


@register.inclusion_tag("tradeoffs/choice.html", takes_context=True)
def choice(
    context: Any,
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    *,
    none: str = "",
    many: bool = False,
) -> dict[str, Any]:
    nothing = [("", none)] if none else []
    return {"name": name, "label": label, "options": [*nothing, *options], "is_many": many,
            "chosen": [each for each in context["asked"].getlist(name) if each]}  # fmt: skip


@register.simple_tag
def range_end(ranges: Mapping[str, Sequence[float | None]], name: str, place: int) -> str:
    end = ranges.get(name, (None, None))[place]
    return "" if end is None else f"{end:g}"
