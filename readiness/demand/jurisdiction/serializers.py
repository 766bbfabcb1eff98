"""JSON of rules, packs and decided cases; a decided case also in words, as on the page."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from readiness.demand.jurisdiction import queries
from readiness.demand.jurisdiction.core import sentences
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.core.sentences import NOTICE
from readiness.demand.jurisdiction.models import Rule, RulePack
from readiness.demand.jurisdiction.operations import CITED, VERSIONS, rule_item
from web.rest.fields import RelatedObjectField
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.versioned.api import FIELDS, TOLD, DocumentField, ImportSerializer, VersionSerializer
from web.versioned.core.documents import written

_TOLD = (*TOLD, "note", "as_of", "check_again_days", "published_because", "withdrawn_at", "withdrawn_by")
_PLAIN = (
    *("title", "kind", "jurisdiction", "sector", "effect", "in_force_from", "in_force_until", "checked_on"),
    *("note", "origins", "categories", "places", "places_except", "bases", "instead_of"),
)


class NoticeField(serializers.CharField):
    """A fixed notice on every object: the rules are not legal advice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value: Any) -> str:
        return NOTICE


class RulePackSerializer(VersionSerializer):
    """A draft's `definition` is writable; `version` and `made_from` only when it is created. Send the `revision` that
    you read: if it has changed, the answer is 409.
    """

    made_from = RelatedObjectField(
        queryset=RulePack.objects.all(),
        required=False,
        allow_null=True,
        help_text="Pack to start from; the pack in force unless given",
    )
    rule_count = serializers.IntegerField(read_only=True)
    notice = NoticeField()

    class Meta:
        model = RulePack
        fields: tuple[str, ...] = (*FIELDS, "rule_count", *_TOLD, "notice")
        read_only_fields = _TOLD
        brief_fields = ("version", "status")


class WholeRulePackSerializer(RulePackSerializer):
    definition = DocumentField(VERSIONS, required=False)

    class Meta(RulePackSerializer.Meta):
        fields = (*RulePackSerializer.Meta.fields, "definition")


class RuleSerializer(ObjectSerializer):
    """A rule refers to kinds of data, groups, bases and other rules of the same pack by slug."""

    notice = NoticeField()

    class Meta:
        model = Rule
        fields = ("pack", "slug", *_PLAIN, *CITED.values(), "notice")
        brief_fields = ("pack", "slug", "title", "effect")

    def document_item(self) -> dict[str, Any]:
        """The new rule in the form of documents; fields that were not sent stay as they were."""
        item = rule_item(self.instance) if self.instance is not None else {}
        values = self.validated_data
        cited = {key: values[column] for key, column in CITED.items() if column in values}
        plain = {**item, **{name: written(values[name]) for name in _PLAIN if name in values}}
        return {
            **{name: value for name, value in plain.items() if value not in (None, "")},
            "id": values.get("slug", item.get("id")),
            "citation": {**item.get("citation", {}), **cited},
        }


class HeldBasisFields(ObjectSerializer):
    """A legal basis on record. A basis that no rule of the pack in force asks for is refused: it would meet no rule."""

    def validate_basis(self, basis: str) -> str:
        pack = queries.in_force()
        bases_by_id = queries.content_of(pack).bases_by_id if pack else {}
        if pack is not None and basis not in bases_by_id:
            raise serializers.ValidationError(
                f"{pack.version} has no basis of this name. There are {', '.join(bases_by_id)}."
            )
        return basis


class RulePackImportSerializer(ImportSerializer):
    """Send either `file` or `text`."""


class RulePackPublishSerializer(BodySerializer):
    digest = serializers.CharField(max_length=64, help_text="Revision that you read")
    because = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class RuleCaseSerializer(BodySerializer):
    """A case. An unknown country or kind of data makes it undecidable."""

    origin = serializers.CharField(max_length=2, help_text="Whose law the data is under: ISO 3166-1 alpha-2")
    data_categories = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=50,
        help_text="Slugs of the pack's kinds of data",
    )
    destination = serializers.CharField(max_length=2, help_text="Country where the data would be stored")
    operator = serializers.CharField(
        max_length=2,
        required=False,
        allow_blank=True,
        help_text="Country of whoever controls the operator; without it sovereignty cannot be decided",
    )
    on = serializers.DateField(required=False, help_text="The day; today unless given")
    bases = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=50,
        required=False,
        help_text="Slugs of the bases on record",
    )
    pack = serializers.CharField(
        max_length=50, required=False, help_text="Version of the rules; the pack in force unless given"
    )

    def validate_pack(self, version: str) -> RulePack:
        pack = RulePack.objects.filter(version=version).first()
        if pack is None:
            raise serializers.ValidationError(f"There is no pack {version!r}.")
        return pack

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an unknown basis, or it would silently count as none."""
        pack = attrs.get("pack") or queries.in_force()
        bases = attrs.get("bases", [])
        if pack is not None and bases:
            bases_by_id = queries.content_of(pack).bases_by_id
            unknown = sorted(set(bases) - bases_by_id.keys())
            if unknown:
                raise serializers.ValidationError(
                    {"bases": [f"Unknown: {', '.join(unknown)}. There are {', '.join(bases_by_id)}."]}
                )
        return attrs


class RuleCitationSerializer(serializers.Serializer):
    instrument = serializers.CharField()
    article = serializers.CharField()
    url = serializers.URLField()


class Told(serializers.CharField):
    """A sentence that `tell` makes from the whole object and the pack."""

    def __init__(self, tell: Callable[[Any, RulePackDocument], str], **kwargs: Any) -> None:
        super().__init__(source="*", **kwargs)
        self.tell = tell

    def to_representation(self, value: Any) -> str:
        return self.tell(value, self.context["pack"])


class AnswerField(serializers.JSONField):
    def to_representation(self, value: Any) -> Any:
        return {"value": str(value), "label": sentences.ANSWERS[value]}


class SlugsField(serializers.ListField):
    child = serializers.CharField()

    def to_representation(self, slugs: Any) -> Any:
        return sorted(slugs)


class RuleGroundSerializer(serializers.Serializer):
    slug = serializers.CharField(source="rule.id")
    title = serializers.CharField(source="rule.title")
    jurisdiction = serializers.CharField(source="rule.jurisdiction")
    citation = RuleCitationSerializer(source="rule.citation")
    answer = serializers.CharField(help_text="allowed, needs-basis, cannot-decide, forbidden")
    deciding = serializers.BooleanField(help_text="Whether the answer rests on it")
    doubt = serializers.CharField(allow_null=True, help_text="undated or not-checked")
    met_by = serializers.CharField(allow_null=True, help_text="The basis on record that meets it")
    bases = serializers.ListField(
        source="rule.bases", child=serializers.CharField(), help_text="Any one of them is enough"
    )
    text = Told(sentences.ground)


class RuleMissingSerializer(serializers.Serializer):
    reason = serializers.CharField(
        source="gap", help_text="unknown-origin, unknown-place, no-category, unknown-category, no-rule"
    )
    what = serializers.CharField()
    text = Told(sentences.missing)


class RuleFindingSerializer(serializers.Serializer):
    answer = AnswerField(help_text="`{value, label}`; allowed, needs-basis, cannot-decide or forbidden")
    text = Told(sentences.sentence, help_text="In plain words")
    rules = RuleGroundSerializer(many=True, source="grounds")
    missing = RuleMissingSerializer(many=True)
    bases_needed = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), help_text="One of each list"
    )


class RuleDecidedBySerializer(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.CharField()
    digest = serializers.CharField()
    status = serializers.CharField()


class RuleDecisionSerializer(serializers.Serializer):
    pack = RuleDecidedBySerializer()
    on = serializers.DateField(source="decision.on")
    origin = serializers.CharField(source="decision.request.origin")
    data_categories = SlugsField(source="decision.request.categories")
    destination = serializers.CharField(source="decision.request.destination")
    operator = serializers.CharField(source="decision.request.operator")
    bases = SlugsField(source="decision.request.bases")
    residency = RuleFindingSerializer(source="decision.residency")
    sovereignty = RuleFindingSerializer(source="decision.sovereignty")
    notice = serializers.CharField()
