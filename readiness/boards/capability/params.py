"""The address of a question about the capability gap: page, charts and endpoint take the same words."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.boards.params import Place, region_named, site_named
from readiness.golive.worklist.params import MEASURES
from web.timerange import BadParameter

REGION, SITE = "region", "site"
BY = {REGION: "Region", SITE: "Site"}
TRAININGS, MOST_TRAININGS = 4, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityQuestion(Place):
    """`by` groups the table. `trainings` is how many people can be trained in one skill each."""

    by: str = REGION
    measure: CapacityMeasure = CapacityMeasure.POWER
    trainings: int = TRAININGS

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address."""
        return self.place | {"measure": self.measure.value, "trainings": str(self.trainings)}


def read(parameters: QueryDict | Mapping[str, str]) -> CapabilityQuestion:
    """Raises BadParameter. At most one statement."""
    place, region = parameters.get("site", ""), parameters.get("region", "")
    if place and region:
        raise BadParameter("region", "cannot be asked for together with a site")
    by, measure = parameters.get("by") or REGION, parameters.get("measure") or CapacityMeasure.POWER
    if by not in BY:
        raise BadParameter("by", f"is one of {', '.join(BY)}")
    if measure not in [each.value for each in MEASURES]:
        raise BadParameter("measure", f"is one of {', '.join(MEASURES)}")
    return CapabilityQuestion(
        site=site_named(place),
        region=region_named(region),
        by=by,
        measure=CapacityMeasure(measure),
        trainings=_trainings(parameters.get("trainings") or str(TRAININGS)),
    )


def _trainings(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_TRAININGS):
        raise BadParameter("trainings", f"is a whole number from 1 to {MOST_TRAININGS}")
    return int(text)
