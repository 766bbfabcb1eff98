"""Legal duties, registers, profiles, certificates and energy figures: their lists, pages, forms and endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from rest_framework import serializers

from inventory.api import InventorySerializer
from readiness.assessment.duties.core.register import instant_due
from readiness.assessment.duties.forms import ProofForm, SectorForm
from readiness.assessment.duties.models import (
    Certificate,
    DutyEntry,
    DutyProfile,
    EnergyFigure,
    LegalDuty,
    Sector,
)
from readiness.assessment.duties.operations import MAY_FILE, file_proof
from readiness.assessment.duties.queries import (
    certificate_item,
    is_certificate_overdue,
    is_overdue,
    standing_word,
)
from web import clock
from web.kinds import Entry, Facts, Related
from web.kinds.columns import figure, hidden, plain, related
from web.kinds.declaring import declared
from web.rest.lookups import Flag
from web.tables import Column
from web.units import day

NOTICE = "Muster’s duties are examples with their sources, and no legal advice. Check them with whoever advises you."
TONES = {"overdue": "bad", "unowned": "bad", "due soon": "warn", "ended": "unknown"}
_SITE = related("site", "Site", export="site.slug")


def _standing_column(**options: Any) -> Column:
    return Column(
        "standing",
        "Standing",
        text=lambda row: capfirst(row.standing),
        tone=lambda row: TONES.get(row.standing, ""),
        phone="status",
        **options,
    )


def _attach_due(entries: Sequence[Any]) -> Sequence[Any]:
    at = clock.now()
    for entry in entries:
        entry.due_at = instant_due(entry.due_on, entry.due_hour, entry.site.time_zone)
        is_owned = entry.owner is not None and not _is_dissolved(entry.owner.dissolved_at, at)
        entry.standing = standing_word(entry.due_at, is_owned=is_owned, applies=entry.applies, now=at)
    return entries


def _is_dissolved(dissolved_at: datetime | None, now: datetime) -> bool:
    return dissolved_at is not None and dissolved_at <= now


def _attach_due_of_certificates(certificates: Sequence[Any]) -> Sequence[Any]:
    at = clock.now()
    for certificate in certificates:
        item = certificate_item(certificate, certificate.site.time_zone)
        counts = certificate.given_up_on is None or certificate.given_up_on > at.date()
        certificate.due_at = item.due_at
        certificate.standing = standing_word(item.due_at, is_owned=item.owned_at(at), applies=counts, now=at)
    return certificates


def _until(row: Any) -> str:
    """The day, with its hour where that is not the end of the day."""
    if row.due_on is None:
        return ""
    return day(row.due_on) if row.due_hour == 24 else f"{day(row.due_on)}, {row.due_hour}:00"


def _places(duty: LegalDuty) -> str:
    return ", ".join(duty.places) or "everywhere"


def _sectors(row: Any) -> str:
    return ", ".join(str(Sector(sector).label) for sector in row.sectors)


class LegalDutyFields(InventorySerializer):
    def validate_sectors(self, sectors: list[str]) -> list[str]:
        return list(dict.fromkeys(sectors))

    def validate_places(self, places: list[str]) -> list[str]:
        return list(dict.fromkeys(places))


class DutyProfileFields(InventorySerializer):
    def validate_sectors(self, sectors: list[str]) -> list[str]:
        return list(dict.fromkeys(sectors))


class DutyEntryFields(InventorySerializer):
    due_at = serializers.SerializerMethodField(help_text="From this instant on it is overdue.")
    proof_url = serializers.CharField(read_only=True, help_text="Empty without an address")

    def get_due_at(self, entry: DutyEntry) -> datetime | None:
        return instant_due(entry.due_on, entry.due_hour, entry.site.time_zone)


def _entries() -> QuerySet[DutyEntry]:
    return DutyEntry.objects.select_related("site", "duty", "owner")


DUTY_ENTRY = declared(
    DutyEntry,
    ("site", "duty", "owner", "due_on", "due_hour", "note"),
    (
        related("duty", "Duty", locked=True, phone="title"),
        _SITE,
        related("owner", "Owner", text=lambda entry: entry.owner or "nobody"),
        Column("due_on", "Due", text=_until, sort="due_on"),
        _standing_column(),
        plain("filed_on", "Proof filed"),
        plain("proof", "Proof", phone="full"),
        hidden(Column, "proof_url", "Address of the proof", url="proof_url"),
        hidden(plain, "by_rule", "By rule"),
        hidden(plain, "applies", "Applies"),
        hidden(figure, "due_hour", "Due at hour"),
        hidden(plain, "note", "Note", phone="full"),
    ),
    also=("due_at", "filed_on", "proof", "proof_url", "by_rule", "applies"),
    brief=("site", "duty", "due_on"),
    search=("duty__name", "site__name", "proof", "note"),
    panel=("site", "duty", "owner", "overdue", "unowned"),
    filters={
        "overdue": Flag(read=lambda _key: is_overdue(clock.now()), label="Overdue"),
        "unowned": Flag(read=lambda _key: Q(owner=None, applies=True), label="Without an owner"),
    },
    serializer=DutyEntryFields,
    joins=("site", "duty", "owner"),
    counted=_entries,
    prepare=_attach_due,
    room=None,
    title="Duties",
    address="duties",
    icon="scale",
    hint="What the law asks of each site, who answers for it, and when it is due",
    notice=NOTICE,
    default_sort="due_on",
    facts=(
        Facts("Duty", ("site", "owner", "due_on", "standing", "filed_on", "proof", "proof_url", "by_rule", "note")),
    ),
    links=(
        ("Legal duties", "legal-duty-list", "file-text"),
        ("Profiles", "duty-profile-list", "building-factory-2"),
        ("Energy figures", "energy-figure-list", "bolt"),
        ("Energy report", "energy-report", "download"),
    ),
    entries=(
        Entry(
            url_name="duty-entry-proof",
            address="proof/",
            on_object=True,
            permissions=(MAY_FILE,),
            heading="File proof",
            form=ProofForm,
            enter=file_proof,
            done="The proof is filed; the site is scored again.",
            icon="check",
        ),
    ),
    above=lambda entry: [entry.site, entry.duty],
    then="The site is scored again.",
    empty={
        "title": "No duty yet",
        "text": "Muster adds the legal duties that apply to each site by its country, IT power and sectors within a "
        "minute. Enter the sectors in the site’s profile.",
        "icon": "scale",
    },
)  # fmt: skip
LEGAL_DUTY = declared(
    LegalDuty,
    (
        *("name", "slug", "asks", "instrument", "article", "source_url", "places", "sectors", "min_it_kw"),
        *("recurs", "month", "day", "months", "once_on", "is_in_force", "note"),
    ),
    (
        "name",
        plain("asks", "What it asks for", phone="full"),
        Column("places", "Places", text=_places),
        Column("sectors", "Sectors", text=lambda duty: _sectors(duty) or "all"),
        figure("min_it_kw", "From IT power", "kW"),
        plain("recurs", "Due"),
        plain("instrument", "Instrument"),
        hidden(plain, "article", "Article"),
        hidden(Column, "source_url", "Source", url="source_url",
               text=lambda duty: "Open the text" if duty.source_url else ""),
        plain("is_in_force", "In force"),
    ),
    hidden=("slug", "month", "day", "months", "once_on", "note"),
    brief=("name", "slug"),
    search=("name", "slug", "asks", "instrument", "article"),
    panel=("recurs", "sectors", "is_in_force"),
    form=SectorForm,
    serializer=LegalDutyFields,
    together=("places",),
    groups=(
        ("Duty", ("name", "slug", "asks", "note", "is_in_force")),
        ("Source", ("instrument", "article", "source_url")),
        ("Where it applies", ("places", "sectors", "min_it_kw")),
        ("When it is due", ("recurs", "month", "day", "months", "once_on")),
    ),
    room=("Duties", "duty-entry-list"),
    address="legal-duties",
    icon="file-text",
    hint="The rules of duties: where each applies, and when it is due",
    notice=NOTICE,
    related=(Related(DutyEntry, ("duty",), ("site", "owner", "due_on", "standing"), fills="duty"),),
    then="Sites to which it applies have it in their register within a minute. Dates in registers stay as they are.",
    empty={
        "title": "No legal duty",
        "text": "Add what a law or contract asks for, where, and how often.",
        "icon": "scale",
    },
)  # fmt: skip
DUTY_PROFILE = declared(
    DutyProfile,
    ("site", "it_kw", "sectors", "source"),
    (
        related("site", "Site", export="site.slug", locked=True, phone="title"),
        figure("it_kw", "Installed IT power", "kW"),
        Column("sectors", "Sectors", text=_sectors),
        plain("source", "Source", phone="full"),
    ),
    brief=("site", "it_kw"),
    search=("site__name", "source"),
    panel=("site", "sectors"),
    form=SectorForm,
    serializer=DutyProfileFields,
    room=("Duties", "duty-entry-list"),
    icon="building-factory-2",
    hint="What the rules of duties ask about sites: installed IT power and sectors",
    above=lambda profile: [profile.site],
    then="Duties that come to apply are in the register within a minute.",
    empty={
        "title": "No profile yet",
        "text": "Enter the installed IT power and the sectors of a site, so that the rules find its duties.",
        "icon": "building-factory-2",
    },
)
CERTIFICATE = declared(
    Certificate,
    (
        *("site", "scheme", "number", "scope", "level", *Certificate.LEVELS, "assessor", "issued_on"),
        *("surveillance_on", "expires_on", "due_hour", "owner", "url", "given_up_on", "note"),
    ),
    (
        plain("scheme", "Scheme", locked=True, phone="title"),
        plain("number", "Number"),
        _SITE,
        plain("level", "Level"),
        plain("scope", "Scope", phone="full"),
        plain("assessor", "Assessor"),
        plain("surveillance_on", "Next surveillance"),
        plain("expires_on", "Expires"),
        _standing_column(),
        related("owner", "Owner", text=lambda row: row.owner or "nobody"),
        hidden(Column, "url", "Address", url="url"),
        hidden(figure, "due_hour", "Due at hour"),
    ),
    hidden=(*Certificate.LEVELS, "issued_on", "given_up_on", "note"),
    brief=("site", "scheme", "number"),
    search=("number", "scope", "assessor", "site__name", "note"),
    panel=("site", "scheme", "owner", "overdue"),
    filters={"overdue": Flag(read=lambda _key: is_certificate_overdue(clock.now()), label="Overdue")},
    serializer=InventorySerializer,
    joins=("site", "owner"),
    prepare=_attach_due_of_certificates,
    groups=(
        ("Certificate", ("site", "scheme", "number", "scope", "assessor", "url", "note")),
        ("Levels", ("level", *Certificate.LEVELS)),
        ("Dates", ("issued_on", "surveillance_on", "expires_on", "due_hour", "given_up_on")),
        ("Who keeps it", ("owner",)),
    ),
    room=None,
    icon="clipboard-check",
    hint="What assessors certified, at which level, and until when",
    default_sort="expires_on",
    facts=(
        Facts("Certificate", ("site", "scheme", "number", "scope", "assessor", "owner", "standing", "url", "note")),
        Facts("Levels", ("level", *Certificate.LEVELS)),
        Facts("Dates", ("issued_on", "surveillance_on", "expires_on", "given_up_on")),
    ),
    above=lambda certificate: [certificate.site],
    then="The site is scored again: a certificate that runs out is overdue in its register.",
    empty={
        "title": "No certificate yet",
        "text": "Enter what assessors certified of a site. Muster warns 30 days before an audit or the end.",
        "icon": "clipboard-check",
    },
)  # fmt: skip
ENERGY_FIGURE = declared(
    EnergyFigure,
    ("site", "year", "figure", "value", "source"),
    (
        plain("figure", "Figure", locked=True, phone="title"),
        _SITE,
        Column("year", "Year", text=lambda row: str(row.year), sort="year"),
        figure("value", "Value", hint="In the unit that the figure names"),
        plain("source", "Source", phone="full"),
    ),
    brief=("site", "year", "figure"),
    search=("site__name", "source"),
    panel=("site", "year", "figure"),
    room=("Duties", "duty-entry-list"),
    icon="bolt",
    hint="Figures of sites and years for the EU’s energy report",
    above=lambda row: [row.site],
    links=(("Energy report", "energy-report", "download"),),
    empty={
        "title": "No figure yet",
        "text": "Enter the figures of a year, or import them as CSV: the energy report lists what is missing.",
        "icon": "bolt",
    },
)
KINDS = (DUTY_ENTRY, LEGAL_DUTY, DUTY_PROFILE, CERTIFICATE, ENERGY_FIGURE)
