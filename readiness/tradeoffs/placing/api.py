"""`POST /api/tradeoffs/placements/`: where one workload may run, and the figures of each site. Writes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.api import InlineWorkloadSerializer
from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.placing.core.answer import PlacementAnswer, PlacementOption
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.document import encoded
from readiness.tradeoffs.placing.facts import read_facts
from readiness.tradeoffs.placing.params import PlacementQuestionSerializer, question_from
from readiness.tradeoffs.placing.queries import MAY_PLACE
from readiness.tradeoffs.placing.shapes import PlacementDocument, PlacementDocumentWithSnapshot
from web import clock
from web.parameters import BadParameter
from web.rest import parameters
from web.rest.permissions import requires


class PlacementsView(APIView):
    """A read by POST, because an envelope does not fit an address; it only requires the permission to view."""

    permission_classes = [requires(*MAY_PLACE)]
    post_reads = True

    @extend_schema(
        request=PlacementQuestionSerializer,
        responses={200: PlacementDocumentWithSnapshot | PlacementDocument},
        operation_id="tradeoffs_place",
        summary="Where one workload may run: options with objectives, reasons, front, ranks, flips and snapshot",
    )
    def post(self, request: Request) -> HttpResponse:
        values = parameters.read_question(PlacementQuestionSerializer(data=request.data))
        envelope = self._envelope(values.get("workload"))
        question, facts = question_from(values), read_facts([envelope], now=clock.now())
        answer = weigh(facts.adapter(envelope, question), question)
        body = encoded(answer, options=_options_of_page(answer, values), with_snapshot=values["snapshot"])
        return HttpResponse(body, content_type="application/json")

    def _envelope(self, workload: Any) -> Envelope:
        if isinstance(workload, str):
            envelopes = workloads.envelopes([workload.replace("\x00", "")])
            if not envelopes:
                raise ValidationError({"workload": [f"No workload class is called {workload[:100]}."]})
            return envelopes[0]
        if not isinstance(workload, dict):
            raise ValidationError({"workload": ["Give the slug of a workload class, or an envelope."]})
        serializer = InlineWorkloadSerializer(data=workload, context={"request": self.request, "view": self})
        try:
            serializer.is_valid(raise_exception=True)
            return serializer.envelope()
        except ValidationError as error:
            raise ValidationError({"workload": error.detail}) from error


def _options_of_page(answer: PlacementAnswer, values: Mapping[str, Any]) -> Sequence[PlacementOption]:
    """The options that the body asks for, in the order of all. Raises BadParameter for a site that is none."""
    options = answer.options
    if slugs := dict.fromkeys(values.get("sites") or ()):
        by_slug = {option.slug: option for option in options}
        if unknown := [slug for slug in slugs if slug not in by_slug]:
            raise BadParameter("sites", f"{unknown[0]} is no site in service.")
        options = tuple(option for option in options if option.slug in slugs)
    return options[values["offset"] : values["offset"] + values["limit"]]
