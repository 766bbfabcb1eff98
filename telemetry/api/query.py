"""`GET /api/telemetry/query/`: the points of series, one question at a time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry import intake, store
from telemetry.core.downsample import points
from telemetry.core.spec import Aggregation, SpecError
from telemetry.params import OBJECTS, PARAMETERS, AdmittedQuery, admitted_query
from web import clock
from web.rest.fields import brief
from web.rest.filters import refuse_unknown
from web.rest.parsers import OrjsonRenderer
from web.rest.permissions import requires

# Size of the pieces that are compressed and written to the reader's file.
PART_BYTES = 64 * 1024


def _parameter(name: str, text: str, **given: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=text, **given)


_PARAMETERS = [
    _parameter("metric", "An exporter's name, an alias or an hw.* name.", required=True),
    _parameter("site", "Slug; repeat or separate by commas for several. Every site unless given.", many=True),
    _parameter("site_id", "The same by id.", type=int, many=True),
    _parameter(
        "aggregation",
        "How the samples of a step (start, start + step] become one value. Default: rate (per second) for counters, "
        "last of codes such as XIDs, and avg of anything else.",
        enum=[each.value for each in Aggregation],
    ),
    _parameter("quantile", "0 to 1, with aggregation=quantile.", type=float),
    _parameter("start", "now-7d, ISO 8601 or epoch ms; now-1h unless given."),
    _parameter("end", "The same; now unless given."),
    _parameter("step", "30, 30s, 5m, 1h, 1d. Chosen by the range unless given."),
    _parameter("points", "Largest number of steps if Muster chooses the step; 400 unless given.", type=int),
    _parameter(
        "group_by", "Labels, separated by commas: one line for each of their values. * for a single line."
    ),
    _parameter(
        "labels",
        "A condition as Prometheus writes it, name=~Inlet.*; repeated ones must all hold.",
        many=True,
    ),
    *(_parameter(name, "Only series of this object.", type=int) for name in OBJECTS),
]
_line = inline_serializer(
    "QueryLine",
    {
        "id": fields.IntegerField(
            allow_null=True, help_text="Id of the series; null for a line of several series."
        ),
        "labels": fields.DictField(child=fields.CharField()),
        "unit": fields.CharField(),
        "provenance": fields.CharField(),
        "object": fields.DictField(allow_null=True),
        "points": fields.ListField(
            child=fields.ListField(child=fields.FloatField(allow_null=True)),
            help_text="[ms, value]: the end of each step; null if the step has no sample.",
        ),
    },
    many=True,
)
_answer = inline_serializer(
    "QueryAnswer",
    {
        "metric": fields.CharField(),
        "aggregation": fields.CharField(),
        "start": fields.IntegerField(help_text="ms"),
        "end": fields.IntegerField(help_text="ms"),
        "step_s": fields.IntegerField(),
        "left_out": fields.IntegerField(
            help_text="Series of loopback and virtual interfaces, left out unless their label is named."
        ),
        "series": _line,
    },
)


def _parts(
    question: AdmittedQuery,
    lines: Iterable[store.SeriesPoints],
    described: Mapping[int, Mapping[str, Any] | None],
) -> Iterator[bytes]:
    """The answer in pieces: points become Python numbers one line at a time, never all at once."""
    render, spec = OrjsonRenderer().render, question.spec
    head = {
        "metric": spec.metric,
        "aggregation": spec.aggregation,
        "start": spec.start_ms,
        "end": spec.end_ms,
        "step_s": spec.step_s,
        "left_out": question.left_out,
    }
    part = render(head).removesuffix(b"}") + b',"series":['
    between = b""
    for line in lines:
        part += between + render(
            {
                "id": line.series_id,
                "labels": line.labels,
                "unit": line.unit,
                "provenance": line.provenance,
                "object": described.get(line.series_id) if line.series_id else None,
                "points": points(line.ts_ms, line.values),
            }
        )
        between = b","
        if len(part) > PART_BYTES:
            yield part
            part = b""
    yield part + b"]}"


class QueryView(APIView):
    permission_classes = [requires("telemetry.view_series")]

    # An answer may be too large for a page.
    renderer_classes = [OrjsonRenderer]

    @extend_schema(parameters=_PARAMETERS, responses={200: _answer}, operation_id="telemetry_query")
    def get(self, request: Request) -> StreamingHttpResponse:
        refuse_unknown(request, PARAMETERS, controls=("format",))
        now = clock.now()
        try:
            question = admitted_query(request.GET, now=now)
            lines = store.run(question.spec, now=now)
        except SpecError as error:
            raise ValidationError({error.field: [error.reason]}) from error
        described = self._objects([line.series_id for line in lines if line.series_id])
        return StreamingHttpResponse(_parts(question, lines, described), content_type="application/json")

    def _objects(self, series_ids: list[int]) -> dict[int, dict[str, Any] | None]:
        context = {"request": self.request}
        object_by_series = {}
        for series in intake.series().filter(pk__in=series_ids):
            described = intake.object_of(series)
            object_by_series[series.pk] = (
                None if described is None else brief(described, context) | {"kind": series.object_kind}
            )
        return object_by_series
