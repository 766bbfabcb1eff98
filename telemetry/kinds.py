"""The kind of sources. Their columns show the values of `intake.rows`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from telemetry import intake, operations, sentences
from telemetry.filters import SourceFilters
from telemetry.forms import SourceForm, initial_of
from telemetry.models import Source, SourceState
from telemetry.views.sources import token_page
from web import clock
from web.ages import ago
from web.kinds import Entry, Kind
from web.kinds.columns import hidden
from web.links import page_url
from web.tables import Column, Table
from web.units import duration, number

MAY_CHANGE = ("telemetry.change_source",)
_TONES = {SourceState.LATE.value: "warn", SourceState.SILENT.value: "bad"}


def _listed_sources() -> QuerySet[Source]:
    return intake.annotate_refusals(intake.sources(), now=clock.now())


def _lately(sources: list[Any]) -> Sequence[intake.Intake]:
    return intake.rows(sources, now=clock.now())


def _token_of_new(request: HttpRequest, nothing: None, source_and_token: tuple[Source, str]) -> HttpResponse:
    return token_page(request, *source_and_token, heading=f"Connect {source_and_token[0]}")


def _new_token(request: HttpRequest, source: Source, token: str) -> HttpResponse:
    return token_page(request, source, token, heading=f"New token of {source}")


def _changed(source: Source, *, by: Any, now: Any, **changes: Any) -> Source:
    return operations.update_source(source, changes=changes, by=by, now=now)


_STANDING = (
    Column("state", "State", template="telemetry/cells/state.html", sort="severity", phone="status"),
    Column("name", "Source", value="source.name", url=lambda row: page_url(row.source) or "", sort="name",
           locked=True, phone="title"),
    Column("site", "Site", value="source.site", text=lambda row: sentences.place_of(row.source),
           sort="site__name"),
    Column("last_sample", "Last sample", value="last_sample_at",
           text=lambda row: ago(row.last_sample_at, now=row.at), tone=lambda row: _TONES.get(row.state, ""),
           sort="-newest", numeric=True),
)  # fmt: skip
_FIGURES = (
    Column("limit", "Late after", hint="Cadence plus grace", value="limit_s",
           text=lambda row: duration(row.limit_s), file_unit="s", numeric=True),
    Column("rate", "Rate", unit="samples/s", value="samples_per_s", numeric=True),
    Column("lag", "Lag", hint="Longest time from receipt to stored, last 10 min", value="lag_s",
           text=lambda row: sentences.lag(row.lag_s), file_unit="s", numeric=True),
    Column("rejected", "Refused, 24 h", value="rejected_24h", text=lambda row: number(row.rejected_24h),
           tone=lambda row: "warn" if row.rejected_24h else "", sort="refused", numeric=True),
    Column("strip", "24 h", hint="The worst state of each of the last 24 hours", value=sentences.strip,
           template="telemetry/cells/strip.html",
           export=lambda row: " ".join(hour.state for hour in row.strip), phone="full"),
    hidden(Column, "samples", "Samples, 24 h", value="samples_24h", numeric=True),
    hidden(Column, "ignored", "Ignored, 24 h", value="ignored_24h", numeric=True,
           hint="No readings, ends of series, bodies sent again"),
    hidden(Column, "since", "In this state since", value="state_since"),
)  # fmt: skip
_GIVEN = (
    hidden(Column, "site_label", "Site label", value="source.site_label"),
    hidden(Column, "cadence_s", "Cadence, s", value="source.cadence_s", sort="cadence_s", numeric=True),
    hidden(Column, "grace_s", "Grace, s", value="source.grace_s", sort="grace_s", numeric=True),
    hidden(Column, "provenance", "Provenance", value="source.provenance", sort="provenance"),
    hidden(Column, "description", "Description", value="source.description", phone="full"),
    hidden(Column, "owner", "Owner", value="source.owner",
           tone=lambda row: "warn" if row.source.lost_owner else "", sort="owner__username"),
)  # fmt: skip
SOURCES = Kind(
    model=Source,
    rows=_listed_sources,
    prepare=_lately,
    icon="activity",
    search_order=28,
    room=("Telemetry", "ingest"),
    hint="The senders of samples, and how each is set up",
    address="sources",
    names={"detail": "source"},
    may=("telemetry.view_source",),
    # The page of a source has a time range and its series, so it is a view of its own.
    pages=("list", "bulk", "csv"),
    entries=(
        Entry(
            url_name="source-add",
            address="add/",
            permissions=("telemetry.add_source",),
            heading="Add a source",
            form=SourceForm,
            enter=operations.create_source,
            answer=_token_of_new,
            fills=("site",),
        ),
        Entry(
            url_name="source-edit",
            address="edit/",
            on_object=True,
            permissions=MAY_CHANGE,
            heading=lambda source: f"Change {source}",
            form=SourceForm,
            initial=initial_of,
            enter=_changed,
            done=lambda source: f"{source} is changed.",
        ),
        Entry(
            url_name="source-pause",
            address="pause/",
            on_object=True,
            permissions=MAY_CHANGE,
            heading="Pause",
            enter=operations.pause_source,
            done=lambda source: f"{source} is paused: what it sends is refused.",
        ),
        Entry(
            url_name="source-resume",
            address="resume/",
            on_object=True,
            permissions=MAY_CHANGE,
            heading="Resume",
            enter=operations.resume_source,
            done=lambda source: f"{source} may send again.",
        ),
        Entry(
            url_name="source-rotate-token",
            address="rotate-token/",
            on_object=True,
            permissions=MAY_CHANGE,
            heading="New token",
            enter=operations.rotate_token,
            answer=_new_token,
        ),
        Entry(
            url_name="source-delete",
            address="delete/",
            on_object=True,
            permissions=("telemetry.delete_source",),
            heading="Delete",
            enter=operations.delete_source,
            done=lambda source: f"{source} is deleted.",
            after=lambda nothing: reverse("source-list"),
        ),
    ),
    table=Table(
        id="sources",
        noun=("source", "sources"),
        label="Sources",
        columns=(*_STANDING, *_FIGURES, *_GIVEN),
        filterset=SourceFilters,
        default_sort="state",
        per_page=25,
        api="telemetry-api-source-list",
        row_id="source.pk",
        row_name="source.name",
        row_url=lambda row: page_url(row.source) or "",
        row_object="source",
        empty={
            "title": "No sources yet",
            "text": "A source is one sender of samples, such as a Prometheus. Add one and point it here.",
            "icon": "database-import",
        },
    ),
)
