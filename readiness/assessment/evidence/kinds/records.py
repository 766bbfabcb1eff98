"""Recorded facts and attestations."""

from collections.abc import Callable, Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.urls import reverse

from readiness.assessment.evidence import confirmations, operations
from readiness.assessment.evidence.confirmations import AttestationStanding
from readiness.assessment.evidence.core.bearing import OWN_RECORDS
from readiness.assessment.evidence.forms import AttestationForm, FactForm
from readiness.assessment.evidence.models import Attestation, RecordedFact
from readiness.assessment.evidence.runs import proved_by
from readiness.assessment.evidence.tables import STANDING, Voided, exact, site_url, tabs
from readiness.assessment.framework import queries as framework_queries
from web.clock import now
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain
from web.kinds.kind import KIND_OF
from web.kinds.rest import filters_of
from web.links import page_url
from web.rest.lookups import AnyOf, Flag
from web.tables import Column, Table
from web.units import day
from web.visibility import name_of, reader
from web.workflows.approvals import rests_on

type Record = Attestation | RecordedFact


def _check_url(record: Record) -> str:
    return reverse("site-check", args=[record.site.slug, record.check_id])


def _attach_names(records: Sequence[Any]) -> Sequence[Any]:
    """Add the names of check and sub-measure and the unit of the value.

    An id that the framework lacks stays as it is.
    """
    _version, framework = framework_queries.current()
    for record in records:
        check = framework.checks_by_id.get(record.check_id)
        part = framework.parts_by_key.get((record.check_id, record.part))
        record.check_name = check.name if check else record.check_id
        record.part_name = part.name if part else record.part
        record.unit = part.unit if part else ""
    return records


def _value(record: Any) -> str:
    return "" if record.value is None else f"{exact(record.value)} {record.unit}".strip()


# fmt: off
_OF_CHECK = (
    plain("taken_on", "Day", url=page_url, locked=True, phone="title"),
    Column("check", "Check", value="check_id", text="check_name", url=_check_url, sort="check_id",
           template="readiness/evidence/check_cell.html"),
    plain("part", "Sub-measure", text="part_name", template="readiness/evidence/part_cell.html"),
    Column("site", "Site", value="site.name", url=site_url, sort="site__name", export="site.slug"),
    Column("value", "Value", text=_value, sort="value", numeric=True, file_unit="in the sub-measure's unit"),
)
# fmt: on


def _filters(
    model: Any, fields: tuple[str, ...], *search: str, panel: tuple[str, ...] = (), **declared: Any
) -> Any:
    """A check is a name of the framework, so the filter is `check`, not an id."""
    check = django_filters.CharFilter(field_name="check_id", label="check", max_length=64)
    fields = ("site", "part", "taken_on", "taken_at", "provenance", *fields)
    search = ("check_id", "site__name", *search)
    panel = ("site", "check", *panel, "voided")
    return filters_of(model, fields, search=search, panel=panel, check=check, voided=Voided(), **declared)


def context_of(record: Record, user: Any) -> dict[str, Any]:
    (named_record,) = _attach_names([record])
    names = [named_record.check_name, named_record.part_name, day(record.taken_on)]
    kind = KIND_OF[type(record)]
    return {
        "heading": named_record.check_name,
        "breadcrumbs": kind.breadcrumbs((", ".join(filter(None, names)), "")),
        "part": named_record.part_name,
        "value": _value(named_record),
        "standing": record.void_text,
        "own": OWN_RECORDS.get(record.check_id),
        "check_url": _check_url(record)
        if named_record.check_name != record.check_id
        else reverse("readiness"),
        "proved": proved_by(record.site_id, f"{_REFERENCE[type(record)]}:{record.pk}", now=now()),
    }


_REFERENCE: dict[type[Record], str] = {RecordedFact: "fact", Attestation: "attestation"}


def _entry(
    model: Any, noun: str, heading: str, form: Any, enter: Callable[..., Record], then: str = ""
) -> Entry:
    return Entry(
        url_name=f"{noun.replace(' ', '-')}-add",
        address="add/",
        permissions=(f"evidence.add_{model._meta.model_name}",),
        heading=heading,
        form=form,
        enter=enter,
        done=f"It is kept; the site is scored again. {then}".strip(),
        after=_check_url,
        fills=("site", "check", "part"),
    )


def _kind(
    model: Any,
    noun: str,
    *,
    address: str,
    hint: str,
    entry: Entry,
    columns: tuple[Column, ...],
    filterset: Any,
    empty: dict[str, str],
    **options: Any,
) -> Kind:
    table = Table(
        id=address,
        noun=(noun, f"{noun}s"),
        label=f"{noun}s".capitalize(),
        columns=(*_OF_CHECK, *columns),
        filterset=filterset,
        default_sort="-taken_on",
        api=f"evidence-api-{noun.replace(' ', '-')}-list",
        row_url=_check_url,
        empty={"title": f"No {noun} yet", **empty},
    )
    return Kind(
        **({"rows": model.objects.select_related("site", "by").all, "names": {"list": address}} | options),
        model=model,
        room=("Evidence", "evidence"),
        address=address,
        may=("inventory.view_site", f"evidence.view_{model._meta.model_name}"),
        hint=hint,
        template="readiness/evidence/record.html",
        context=context_of,
        prepare=_attach_names,
        tabs=tabs,
        entries=(entry,),
        table=table,
    )


FACTS = _kind(
    RecordedFact,
    "recorded fact",
    address="facts",
    hint="Dated values of sub-measures with their source, until something measures them",
    entry=_entry(RecordedFact, "recorded fact", "Record a fact", FactForm, operations.record_fact),
    columns=(
        plain("source", "Source"),
        STANDING,
        hidden(plain, "provenance", "Provenance"),
        Column("by", "Entered by", value="by.username", sort="by__username"),
        hidden(Column, "note", "Note"),
    ),
    filterset=_filters(RecordedFact, ("value", "source"), "part", "source", "note"),
    empty={
        "text": "A dated value with its source proves a sub-measure that nothing measures yet.",
        "icon": "pencil",
    },
    pages=("list", "detail", "csv"),
    search_order=None,
)


def _mine(_key: str) -> Q:
    return confirmations.needed(now()) & confirmations.answerable_by(reader(), now())


def _waits_for(attestation: Any) -> str:
    if attestation.confirmation not in (AttestationStanding.NEEDED, AttestationStanding.IN_GRACE):
        return ""
    return "a second person" if attestation.attester is None else name_of(attestation.attester)


# fmt: off
ATTESTATIONS = _kind(
    Attestation,
    "attestation",
    address="attestations",
    hint="Statements by named persons",
    rows=lambda: confirmations.attestations(now=now()),
    names={"list": "attestations", "detail": "attestation-detail"},
    pages=("list", "csv"),
    entry=_entry(
        *(Attestation, "attestation", "Attest", AttestationForm, operations.attest),
        then="Where the check blocks, it is declared only until somebody else confirms it.",
    ),
    columns=(
        Column("confirmation", "Confirmation", sort="confirmation", states="confirmation", phone="status",
               template="readiness/evidence/confirmation_cell.html"),
        plain("statement", "Statement", phone="full"),
        plain("attested_by", "Attested by"),
        hidden(Column, "attester", "Account that attests", value="attester.username", sort="attester__username"),
        hidden(Column, "waits_for", "Waits for", value=_waits_for),
        hidden(Column, "confirmed_by", "Confirmed by", value="confirmed_by.username", sort="confirmed_by__username"),
        hidden(plain, "confirmed_at", "Confirmed"),
        hidden(plain, "grace_until", "Counts unconfirmed until"),
        hidden(Column, "workload_classes", "Workload classes", value=lambda row: ", ".join(row.workload_classes)),
        plain("valid_until", "Valid until"),
        hidden(plain, "provenance", "Provenance"),
        Column("document", "Document", url=lambda row: row.link, text=lambda row: row.document or row.link),
        STANDING,
        rests_on(),
    ),
    filterset=_filters(
        Attestation,
        ("workload_classes", "valid_until", "attested_by", "attester", "confirmed_by", "confirmed_at"),
        *("statement", "attested_by", "document"),
        panel=("confirmation", "waits_for_me"),
        confirmation=AnyOf(
            field_name="confirmation",
            label="Confirmation",
            inner=forms.ChoiceField(choices=AttestationStanding.choices),
        ),
        waits_for_me=Flag(read=_mine, label="Waits for me"),
    ),
    empty={
        "text": "A named person's statement, with or without the value of a sub-measure.",
        "icon": "user-check",
    },
)
# fmt: on
