"""`GET /api/telemetry/query/`: the points of series, one question at a time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry import intake, store
from telemetry.core.downsample import points
from telemetry.core.spec import COMBINATIONS, Aggregation, SpecError
from telemetry.params import OBJECTS, PARAMETERS, AdmittedQuery, admitted_query
from web import clock
from web.rest.fields import Brief, brief
from web.rest.filters import refuse_unknown
from web.rest.parsers import OrjsonRenderer
from web.rest.permissions import requires
from web.rest.reports import parameter
from web.rest.shapes import filled

# Size of the pieces that are compressed and written to the reader's file.
PART_BYTES = 64 * 1024


_PARAMETERS = [
    parameter("metric", "An exporter's name, an alias or an hw.* name.", required=True),
    parameter("site", "Slug; repeat or separate by commas for several. Every site unless given.", many=True),
    parameter("site_id", "The same by id.", type=int, many=True),
    parameter(
        "aggregation",
        "How the samples of a step (start, start + step] become one value. Default: rate (per second) for counters, "
        "last of codes such as XIDs, and avg of anything else.",
        enum=[each.value for each in Aggregation],
    ),
    parameter("quantile", "0 to 1, with aggregation=quantile.", type=float),
    parameter("start", "now-7d, ISO 8601 or epoch ms; now-1h unless given."),
    parameter("end", "The same; now unless given."),
    parameter("step", "30, 30s, 5m, 1h, 1d. Chosen by the range unless given."),
    parameter("points", "Largest number of steps if Muster chooses the step; 400 unless given.", type=int),
    parameter(
        "group_by", "Labels, separated by commas: one line for each of their values. * for a single line."
    ),
    parameter(
        "combine",
        "How the series of a line become one: the sum over feeds of each one's mean. Default: as `aggregation` does, "
        "and the sum of rates.",
        enum=[each.value for each in COMBINATIONS],
    ),
    parameter(
        "labels",
        "A condition as Prometheus writes it, name=~Inlet.*; repeated ones must all hold.",
        many=True,
    ),
    *(parameter(name, "Only series of this object.", type=int) for name in OBJECTS),
]


class SeriesObject(Brief):
    kind: str


@dataclass(frozen=True, slots=True)
class QueryLine:
    id: Annotated[int | None, "Id of the series; null for a line of several series."]
    labels: dict[str, str]
    unit: str
    provenance: str
    object: SeriesObject | None
    points: Annotated[
        list[list[float | None]], "[ms, value]: the end of each step; null if the step has no sample."
    ]


@dataclass(frozen=True, slots=True)
class QueryHead:
    metric: str
    aggregation: Aggregation
    start: Annotated[int, "ms"]
    end: Annotated[int, "ms"]
    step_s: int
    left_out: Annotated[
        int, "Series of loopback and virtual interfaces, left out unless their label is named."
    ]


@dataclass(frozen=True, slots=True)
class QueryAnswer(QueryHead):
    """The head, and its lines, which are written one at a time."""

    series: list[QueryLine]


def _parts(
    question: AdmittedQuery,
    lines: Iterable[store.SeriesPoints],
    described: Mapping[int, SeriesObject | None],
) -> Iterator[bytes]:
    """The answer in pieces: points become Python numbers one line at a time, never all at once."""
    render, spec = OrjsonRenderer().render, question.spec
    head = filled(QueryHead, spec, start=spec.start_ms, end=spec.end_ms, left_out=question.left_out)
    part = render(head).removesuffix(b"}") + b',"series":['
    between = b""
    for line in lines:
        part += between + render(
            filled(
                QueryLine,
                line,
                id=line.series_id,
                object=described.get(line.series_id) if line.series_id else None,
                points=points(line.ts_ms, line.values),
            )
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

    @extend_schema(parameters=_PARAMETERS, responses={200: QueryAnswer}, operation_id="telemetry_query")
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

    def _objects(self, series_ids: list[int]) -> dict[int, SeriesObject | None]:
        context = {"request": self.request}
        object_by_series: dict[int, SeriesObject | None] = {}
        for series in intake.series().filter(pk__in=series_ids):
            described = intake.object_of(series)
            object_by_series[series.pk] = (
                None if described is None else {**brief(described, context), "kind": series.object_kind}
            )
        return object_by_series
