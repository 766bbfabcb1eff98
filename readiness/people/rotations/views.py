"""Pages of who is on call, of the hours that people are, and of one swap."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from readiness.people.kinds.tabs import tabs
from readiness.people.models import Rotation, Swap
from readiness.people.operations import swaps
from readiness.people.queries.hours import hours_on_call
from readiness.people.queries.on_call import duties_at
from readiness.people.rotations import tables
from readiness.people.rotations.duties import duties_now, sites
from web import answers
from web import tables as table_kit
from web.clock import now
from web.reports import Report
from web.tables import TablePage
from web.timerange import BadParameter, parse_instant
from web.visibility import SEES_NAMES
from web.workflows.pages import StepPages

SEE = ("inventory.view_site", "people.view_rotation")
ON_CALL = Report("people/rotations/on_call.html", *SEE)
HOURS = Report("people/rotations/hours.html", *SEE, "people.view_shift", SEES_NAMES)
DEFAULT_RANGE = "now-30d"


@ON_CALL.page
def on_call(request: HttpRequest) -> tuple[TablePage, Any]:
    present = now()
    asked = request.GET.get("at", "")
    zone = timezone.get_current_timezone()
    at = parse_instant(asked, now=present, zone=zone, field="at") if asked else present
    rows = duties_at(sites(), at=at) if asked else duties_now(now=present)
    table = table_kit.page(request, tables.duties(rows), rows)
    standings = [row.standing for row in rows]
    return table, lambda: {
        "tabs": tabs("on-call"),
        "at": at,
        "is_now": not asked,
        "counts": {name: standings.count(name) for name in tables.STANDINGS},
        "number": len(rows),
    }


@HOURS.page
def hours(request: HttpRequest) -> tuple[TablePage, Any]:
    span = answers.time_range(request, now=now(), default=DEFAULT_RANGE)
    rotation = _asked_rotation(request)
    rows = hours_on_call(span.start, span.end, rotation=rotation)
    return table_kit.page(request, tables.HOURS, rows), lambda: {
        "time_range": span.context,
        "rotation": rotation,
        "rotations": Rotation.objects.order_by("name", "pk"),
        "overloaded": sum(row.load.is_overloaded for row in rows),
        "hours": sum(row.load.hours for row in rows),
        "overtime": sum(row.load.overtime for row in rows),
    }


def _asked_rotation(request: HttpRequest) -> Rotation | None:
    slug = request.GET.get("rotation", "")
    if not slug:
        return None
    rotation = Rotation.objects.filter(slug=slug[:100].replace("\0", "")).first()
    if rotation is None:
        raise BadParameter("rotation", "There is no such rotation.")
    return rotation


def _swap(pk: int) -> Swap:
    joined = ("rotation", "person__user", "taker", "requested_by")
    return get_object_or_404(Swap.objects.select_related(*joined), pk=pk)


def _show(request: HttpRequest, swap: Swap, *, refusals: Any = (), status: int = 200) -> HttpResponseBase:
    state = swaps.standing(swap, now())
    context = STEPS.context(request, swap, refusals) | {
        "swap": swap,
        "state": Swap.State(state).label,
        "is_open": state == Swap.State.OPEN,
    }
    return render(request, "people/rotations/swap.html", context, status=status)


STEPS = StepPages(
    page="swap",
    see=("people.view_rotation", "people.view_swap"),
    find=_swap,
    show=_show,
    done={
        swaps.take: "The shift is yours.",
        swaps.withdraw: "The swap is withdrawn; the shift stays where it was.",
    },
)
