"""Parts of trade-off questions: the carbon intensity that counts, and weights of objectives."""

from collections.abc import Iterable

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from readiness.tradeoffs.moves.options import CarbonKind
from web.rest.parameters import OPTIONAL, choice, number
from web.rest.serializers import BodySerializer

CARBON = {
    CarbonKind.AVERAGE.value: "Average of the grid",
    CarbonKind.MARGINAL.value: "Marginal plant",
    CarbonKind.MARKET.value: "Contracts (market)",
}


def carbon() -> serializers.ChoiceField:
    return choice(
        CarbonKind, help_text="Intensity of the grid's mean, of its marginal plant, or of contracts"
    )


class WeightsSerializer(BodySerializer):
    def validate(self, attrs: dict[str, float]) -> dict[str, float]:
        if attrs and not any(attrs.values()):
            raise ValidationError("At least one weight has to be above 0.")
        return attrs


def weights(name: str, objectives: Iterable[str]) -> serializers.Serializer:
    fields = {objective: number(0.0, 1e6, allow_null=False) for objective in objectives}
    return type(name, (WeightsSerializer,), fields)(**OPTIONAL)
