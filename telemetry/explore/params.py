"""The question in the address of Explore: a metric, perhaps a second one, their relation, and an earlier period."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.http import QueryDict

from telemetry.core.spec import SpecError, parse_step
from telemetry.params import (
    EARLIER,
    OF_BOTH,
    PARAMETERS,
    PLACE,
    POINTS,
    RELATIONS,
    SECOND,
    AdmittedQuery,
    admitted_query,
)

DEFAULT_RANGE = "now-6h"
BEFORE = "before"
# Steps for the widest chart: more would not be visible, and the answer stays small.
MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class ExploredQuestion:
    first: AdmittedQuery
    second: AdmittedQuery | None = None
    relation: str = ""
    earlier_ms: int = 0


def explored_question(params: QueryDict, *, now: datetime) -> ExploredQuestion:
    """Raises SpecError; its field is the wrong parameter, with `b_` before that of the second metric."""
    params = params.copy()
    params["points"] = str(min(_whole(params.get("points"), POINTS), MOST_POINTS))
    first = admitted_query(params, now=now, default_start=DEFAULT_RANGE)
    second = None
    if (second_params := params_of_second(params)) is not None:
        second = _admitted_second(second_params, now)
        if not params.get("step"):
            # Both have a value at each instant only if the steps are as long as the longer cadence.
            step_s = max(first.spec.step_s, second.spec.step_s)
            first = replace(first, spec=replace(first.spec, step_s=step_s))
            second = replace(second, spec=replace(second.spec, step_s=step_s))
    relation = _one_of("relation", params, RELATIONS)
    span_ms = first.spec.end_ms - first.spec.start_ms
    return ExploredQuestion(first, second, relation if second else "", _earlier_ms(params, span_ms))


def params_of_second(params: QueryDict) -> QueryDict | None:
    """The second metric's own question; it is of the first one's site and object if it names none."""
    if not params.get(f"{SECOND}metric", "").strip():
        return None
    own = QueryDict(mutable=True)
    for name in PARAMETERS:
        if name in OF_BOTH:
            own.setlist(name, params.getlist(name))
        elif values := [value for value in params.getlist(f"{SECOND}{name}") if value.strip()]:
            own.setlist(name, values)
    if not any(own.get(name) for name in PLACE):
        for name in PLACE:
            own.setlist(name, params.getlist(name))
    return own


def _admitted_second(params: QueryDict, now: datetime) -> AdmittedQuery:
    try:
        return admitted_query(params, now=now, default_start=DEFAULT_RANGE)
    except SpecError as error:
        raise second_error(error) from error


def second_error(error: SpecError) -> SpecError:
    return error if error.field in OF_BOTH else SpecError(f"{SECOND}{error.field}", error.reason)


def _one_of(name: str, params: QueryDict, values: tuple[str, ...]) -> str:
    text = params.get(name, "").strip()
    if text and text not in values:
        raise SpecError(name, f"{text[:50]!r} is not one of {', '.join(values)}")
    return text


def _earlier_ms(params: QueryDict, span_ms: int) -> int:
    text = _one_of("earlier", params, EARLIER)
    if not text:
        return 0
    return span_ms if text == BEFORE else parse_step(text) * 1000


def _whole(text: str | None, otherwise: int) -> int:
    return int(text[:9]) if text and text.isascii() and text.isdecimal() and int(text[:9]) > 0 else otherwise
