"""Standards and their versions: lists, pages, forms and endpoints."""

from typing import Any, ClassVar

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from rest_framework import serializers

from readiness.assessment.standards import operations
from readiness.assessment.standards.core.rules import read_rules
from readiness.assessment.standards.forms import RetireForm, VersionForm, draft_initial, version_initial
from readiness.assessment.standards.models import (
    Conformance,
    Deviation,
    DeviationWaiver,
    Standard,
    StandardVersion,
)
from web import clock, links
from web.kinds import Entry, Facts, Kind, Related
from web.kinds.columns import name, plain, related
from web.kinds.declaring import declared
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.tables import Column, Table
from web.workflows.endpoints import OperatedViewSet, operated

ROOM = ("Standards", "standard-list")


def standards() -> QuerySet[Standard]:
    """Standards with the version in force, and the numbers of objects that conform now at sites that the
    reader sees."""
    versions = StandardVersion.objects.filter(
        standard=OuterRef("pk"), status=StandardVersion.Status.PUBLISHED
    )
    present = Conformance.objects.filter(standard=OuterRef("pk"), until_at=None).order_by().values("standard")

    def total(column: str) -> Subquery:
        return Subquery(present.values(number=Sum(column)))

    return Standard.objects.select_related("owner").annotate(
        in_force=Subquery(versions.values("version")[:1]),
        conforming=total("conforming"),
        waived=total("waived"),
        deviating=total("deviating"),
    )


def _percent(standard: Any) -> float | None:
    judged_objects = (standard.conforming or 0) + (standard.deviating or 0)
    return round(100 * standard.conforming / judged_objects, 1) if judged_objects else None


def _review_tone(standard: Standard) -> str:
    is_over = standard.review_on is not None and standard.review_on < clock.now().date()
    return "bad" if is_over else ""


def _draft(standard: Standard, **values: Any) -> StandardVersion:
    return operations.draft_version(standard=standard, **values)


STANDARD = declared(
    Standard,
    ("name", "slug", "kind", "purpose", "topics", "owner", "review_on", "document_url"),
    [
        name(),
        plain("kind", "Kind"),
        Column("in_force", "In force", text=lambda row: row.in_force or "no version", phone="status",
               tone=lambda row: "" if row.in_force else "warn"),
        Column("conforms", "Conforms", _percent, unit="%", numeric=True, hint="Objects without a waiver that conform"),
        Column("deviating", "Deviate", numeric=True, sort="deviating",
               tone=lambda row: "bad" if row.deviating else ""),
        Column("waived", "Waived", numeric=True, sort="waived"),
        related("owner", "Owner"),
        plain("review_on", "Review by", tone=_review_tone),
    ],
    hidden=("slug", "purpose", "topics", "document_url"),
    brief=("name", "slug", "kind"),
    search=("name", "slug", "purpose", "owner__name"),
    panel=("kind", "owner"),
    counted=standards,
    groups=(
        ("What is one way", ("name", "slug", "kind", "purpose")),
        ("Who answers for it, until when", ("owner", "review_on", "document_url", "topics")),
    ),
    room=None,
    address="",
    icon="shield-check",
    hint="Rules that all sites follow, and how far each site conforms",
    then="The sites where it applies are evaluated again.",
    links=(
        ("Deviations", "deviation-list", "alert-triangle"),
        ("Waivers", "deviation-waiver-list", "clock"),
        ("Versions", "standard-version-list", "versions"),
    ),
    entries=(
        Entry(
            url_name="standard-draft",
            address="draft/",
            on_object=True,
            permissions=(operations.MAY_DRAFT,),
            heading="Draft a version",
            form=VersionForm,
            initial=draft_initial,
            enter=_draft,
            done="The draft is saved. Look at what it would do before you publish it.",
            after=lambda version: links.page_url(version) or "",
            icon="edit",
        ),
    ),
    facts=(Facts("Standard"),),
    related=(
        Related(StandardVersion, ("standard",), ("version", "status", "published_at", "note")),
        Related(DeviationWaiver, ("standard",), ("site", "device", "standing", "ends_at")),
        Related(Deviation, ("standard",), ("site", "object", "has", "wants")),
    ),
    empty={
        "title": "No standard yet",
        "text": "A standard is a rule for all sites about interfaces, security, monitoring, firmware or procedures."
        " Muster then computes how far each site conforms.",
        "icon": "shield-check",
    },
)  # fmt: skip


class StandardVersionSerializer(ObjectSerializer):
    rules = serializers.JSONField(help_text="Documents of rules, as the guide explains them")

    class Meta:
        model = StandardVersion
        fields = (
            *("standard", "version", "status", "region", "profile", "rules", "note"),
            *("created_at", "created_by", "published_at", "published_by", "retired_at"),
        )
        read_only_fields = (
            "status",
            "created_at",
            "created_by",
            "published_at",
            "published_by",
            "retired_at",
        )
        brief_fields = ("standard", "version", "status")


class StandardPublishSerializer(BodySerializer):
    replaces = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="Id of the version that you saw in force, null for none; another one then is a conflict",
    )


class StandardVersionViewSet(OperatedViewSet):
    writes: ClassVar = {
        "create": operations.draft_version,
        "update": operations.change_version,
        "destroy": operations.discard_version,
    }
    fixed = ("standard",)
    publish = operated(
        operations.publish_version, StandardPublishSerializer, "Put a draft in force, and retire the present version",
        operations.MAY_PUBLISH, name="publish",
    )  # fmt: skip
    retire = operated(
        operations.retire_version, None, "Take a version out of force", operations.MAY_PUBLISH, name="retire"
    )


_VERSIONS = StandardVersion.objects.select_related("standard", "region", "created_by", "published_by")
_VERSION_FILTERS = filters_of(
    StandardVersion,
    ("standard", "version", "status", "region", "profile", "published_at", "created_at"),
    search=("standard__name", "version", "note"),
    panel=("standard", "status"),
)
VERSION = Kind(
    model=StandardVersion,
    rows=_VERSIONS.all,
    room=ROOM,
    address="versions",
    pages=("list", "detail"),
    title="Versions",
    search_order=None,
    icon="history",
    hint="Versions of standards: drafts, those in force, and those before",
    template="readiness/standards/version.html",
    context=lambda version, user: {"rules": read_rules(version.rules)},
    viewset=viewset_of(_VERSIONS, StandardVersionSerializer, _VERSION_FILTERS, StandardVersionViewSet),
    above=lambda version: [version.standard],
    entries=(
        step_entry("standard-version", "edit", "Change the draft", VersionForm, operations.change_version,
                   "The draft is saved.", "edit", permissions=(operations.MAY_DRAFT,), initial=version_initial,
                   when=lambda version, user: version.is_draft),
        step_entry("standard-version", "retire", "Retire", RetireForm, operations.retire_version,
                   "The version is retired. No version of the standard is in force.", "ban",
                   permissions=(operations.MAY_PUBLISH,), submit="Retire",
                   when=lambda version, user: version.status == StandardVersion.Status.PUBLISHED),
    ),
    table=Table(
        id="standard-version-list",
        noun=("version", "versions"),
        label="Versions of standards",
        columns=(
            Column("version", "Version", value=str, sort="standard__name", locked=True, phone="title",
                   url=links.page_url),
            plain("status", "Status", phone="status"),
            related("region", "Region"),
            plain("profile", "Profile"),
            Column("rules", "Rules", value=lambda row: len(row.rules), numeric=True),
            plain("published_at", "In force since"),
            plain("retired_at", "Retired", default=False),
            plain("note", "What changes", phone="full"),
        ),
        filterset=_VERSION_FILTERS,
        row_url=links.page_url,
        default_sort="-published_at",
        api="standards-api-standard-version-list",
        empty={"title": "No version yet", "text": "A standard’s page drafts one; publishing puts it in force."},
    ),
)  # fmt: skip
