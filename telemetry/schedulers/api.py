"""Nodes by what schedulers say: `/api/telemetry/scheduler-states/`; a site's nodes and GPU hours:
`/api/telemetry/scheduler-figures/`."""

from dataclasses import dataclass
from typing import Annotated

from rest_framework import serializers
from rest_framework.request import Request

from inventory.models import Site
from telemetry.schedulers import queries, sentences
from telemetry.schedulers.models import SchedulerState
from web import clock
from web.parameters import BadParameter
from web.rest.fields import Brief, brief
from web.rest.filters import ObjectFilterSet
from web.rest.reports import endpoint, parameter
from web.rest.serializers import ObjectSerializer
from web.rest.shapes import filled
from web.rest.viewsets import ReadOnlyObjectViewSet


class SchedulerStateFilters(ObjectFilterSet):
    class Meta:
        model = SchedulerState
        fields = ["site", "device", "source", "scheduler", "standing", "since", "silent_since"]
        search_fields = ["device__name", "reason"]
        panel = ["standing", "scheduler", "site"]


class SchedulerStateSerializer(ObjectSerializer):
    contradictions = serializers.SerializerMethodField(help_text="Both sides, in a sentence each")

    class Meta:
        model = SchedulerState
        fields = (
            *("site", "device", "source", "scheduler", "standing", "since", "reason", "silent_since"),
            "contradictions",
        )
        read_only_fields = fields
        brief_fields = ("site", "device", "scheduler", "standing")

    def get_contradictions(self, state: SchedulerState) -> list[str]:
        return [sentences.contradiction(row) for row in state.contradictions.all()]


class SchedulerStateViewSet(ReadOnlyObjectViewSet):
    queryset = SchedulerState.objects.select_related("site", "device", "source").prefetch_related(
        "contradictions"
    )
    serializer_class = SchedulerStateSerializer
    filterset_class = SchedulerStateFilters


@dataclass(frozen=True, slots=True)
class GpuHoursOfDay:
    total: Annotated[float, "GPU hours of the last 24 h of which a scheduler told."]
    allocated: float
    judged: Annotated[float, "Those in which the activity of all GPUs of the node is known."]
    judged_allocated: float
    useful: Annotated[float, "Of the judged ones: allocated, and the GPU worked."]
    allocated_share: Annotated[float | None, "0 to 1; null without GPU hours."]
    goodput: Annotated[float | None, "useful / judged, 0 to 1; null where no activity is known."]


@dataclass(frozen=True, slots=True)
class SchedulerFiguresOfSite:
    site: Brief
    open: Annotated[int, "Nodes that take work."]
    withdrawn: Annotated[int, "Nodes in maintenance or drained: neither ready nor failing."]
    down: int
    silent: Annotated[int, "Nodes among these of which nothing is sent any more."]
    gpu_hours: GpuHoursOfDay


@endpoint(
    "telemetry.view_schedulerstate",
    operation_id="telemetry_scheduler_figures",
    summary="Nodes and GPU hours of a site by its schedulers",
    parameters=[parameter("site", "Slug", required=True)],
)
def scheduler_figures(request: Request) -> SchedulerFiguresOfSite:
    slug = request.query_params.get("site", "").replace("\0", "")[:100]
    site = Site.objects.filter(slug=slug).first()
    if site is None:
        raise BadParameter("site", "Give the slug of a site.")
    figures = queries.scheduler_figures(site, now=clock.now())
    return filled(
        SchedulerFiguresOfSite,
        figures,
        site=brief(site, {"request": request}),
        gpu_hours=filled(GpuHoursOfDay, figures.hours),
    )
