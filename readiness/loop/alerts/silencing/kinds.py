"""Silences and maintenance windows: their lists, pages, forms and endpoints."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db.models import Model, Q
from rest_framework import serializers

from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing import operations, queries
from readiness.loop.alerts.silencing.forms import (
    EndHeldForm,
    EndOccurrenceForm,
    SilenceForm,
    WindowForm,
    silence_initial,
    window_initial,
)
from readiness.loop.alerts.silencing.queries import HeldStanding, attach_matches, standing_of
from readiness.loop.alerts.silencing.sentences import duration_words, matcher_words, repeat_words
from web import clock, links
from web.kinds import Entry, Facts, Kind
from web.kinds.columns import plain, related
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.kinds.tabs import TabPages, page_tabs
from web.rest.lookups import Flag
from web.rest.serializers import ObjectSerializer
from web.tables import Column, Table
from web.units import how_many
from web.workflows.endpoints import OperatedViewSet, operated

FORM, STEP = "readiness/silences/form.html", "people/step.html"
_MAY_CHANGE_WINDOW = ("alerts.change_maintenancewindow",)
TONES = {HeldStanding.PRESENT: "warn"}
_NAMED = ("region", "site", "domain", "kind", "check_id", "object", "channel")
_OF_BOTH = ("standing", "matched", "created_by", "created_at", "ended_early_at", "ended_early_by")


_PAGES: TabPages = {
    "silence-list": ("Silences", ("alerts.view_silence",)),
    "maintenance-window-list": ("Maintenance windows", ("alerts.view_maintenancewindow",)),
    "silence-calendar": ("Calendar", ("alerts.view_silence",)),
}


def tabs(current: str) -> list[dict[str, Any]]:
    return page_tabs(_PAGES, current)


def _standing_now(row: Silence | MaintenanceWindow) -> HeldStanding:
    return standing_of(row, clock.now())


def _is_open(row: Silence | MaintenanceWindow, _user: Any) -> bool:
    return _standing_now(row) is not HeldStanding.OVER


def _is_present_of_several(window: MaintenanceWindow, _user: Any) -> bool:
    return bool(window.rule) and _standing_now(window) is HeldStanding.PRESENT


def _titled(title: str) -> Callable[[Any], dict[str, str]]:
    """Words for the page of a step on its silence or window; `{}` in the title stands for the name."""
    return lambda row: {"title": title.format(row), "times": matcher_words(row)}


def _matched_words(row: Any) -> str:
    return "" if _standing_now(row) is HeldStanding.OVER else how_many(row.matched, "alert", "alerts")


STANDING = Column(
    "standing", "Standing", _standing_now, tone=lambda row: TONES.get(_standing_now(row), ""), phone="status"
)
HOLDS = Column("holds", "Holds back", matcher_words, phone="full")
MATCHED = Column(
    "matched",
    "Matches now",
    text=_matched_words,
    numeric=True,
    hint="Open alerts that agree with all it names",
)
TOLD_TO = related(
    "channel", "Told to", text=lambda row: row.channel or "the author’s own channels", default=False
)
AUTHOR = Column("created_by", "Author", sort="created_by__username")


def _open_flag(model: type[Silence | MaintenanceWindow]) -> Flag:
    def condition(_name: str) -> Q:
        return queries.is_unfinished(clock.now(), model)

    return Flag(read=condition, label="In force or to come")


class HeldSerializer(ObjectSerializer):
    """`matched` is the number of open alerts that it matches now."""

    standing = serializers.SerializerMethodField()
    matched = serializers.SerializerMethodField()

    def get_standing(self, row: Any) -> str:
        return str(_standing_now(row))

    def get_matched(self, row: Any) -> int:
        if not hasattr(row, "matched"):
            attach_matches([row])
        return int(row.matched)


class SilenceSerializer(HeldSerializer):
    starts_at = serializers.DateTimeField(required=False, help_text="Now, if none is given")

    class Meta:
        model = Silence
        fields = ("reason", "starts_at", "ends_at", *_NAMED, "alert", *_OF_BOTH)
        read_only_fields = _OF_BOTH
        brief_fields = ("reason", "starts_at", "ends_at", "standing")


class MaintenanceWindowSerializer(HeldSerializer):
    last_ends_at = serializers.DateTimeField(
        required=False, help_text="Needed where it repeats; else it follows from the start"
    )

    class Meta:
        model = MaintenanceWindow
        fields = (
            *("name", "reason", "starts_at", "duration_min", "rule", "time_zone", "last_ends_at"),
            *("occurrence_starts_at", "occurrence_ends_at"),
            *_NAMED,
            *_OF_BOTH,
        )
        read_only_fields = ("occurrence_starts_at", "occurrence_ends_at", *_OF_BOTH)
        brief_fields = ("name", "starts_at", "last_ends_at", "standing")


class HeldViewSet(OperatedViewSet):
    http_method_names = ["get", "post", "put", "patch", "head", "options"]

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        return rows if rows is None else attach_matches(rows)


class SilenceViewSet(HeldViewSet):
    writes: ClassVar = {"create": operations.begin_silence, "update": operations.change_silence}
    end = operated(operations.end_silence, None, "End a silence now", "alerts.change_silence", name="end")


class WindowViewSet(HeldViewSet):
    writes: ClassVar = {"create": operations.announce_window, "update": operations.change_window}
    end_present = operated(
        operations.end_occurrence,
        None,
        "End the occurrence that is under way",
        "alerts.change_maintenancewindow",
        name="end_present",
        path="end-present",
    )
    end = operated(
        operations.end_window, None, "End a window for good", "alerts.change_maintenancewindow", name="end"
    )


def _table(model: type[Model], columns: Sequence[Column], filterset: Any, **options: Any) -> Table:
    return Table(
        id=f"{links.noun(model)}-list",
        noun=(str(model._meta.verbose_name), str(model._meta.verbose_name_plural)),
        columns=tuple(columns),
        filterset=filterset,
        row_url=links.page_url,
        api=f"{links.api_basename(model)}-list",
        **options,
    )


_SILENCE_FILTERS = filters_of(
    Silence,
    ("region", "site", "domain", "kind", "check_id", "alert", "starts_at", "ends_at", "created_by"),
    search=("reason", "object", "site__name", "region__name", "alert__title"),
    panel=("unfinished", "site", "region", "domain", "kind"),
    unfinished=_open_flag(Silence),
)
_WINDOW_FILTERS = filters_of(
    MaintenanceWindow,
    ("name", "region", "site", "domain", "kind", "check_id", "starts_at", "last_ends_at", "created_by"),
    search=("name", "reason", "object", "site__name", "region__name"),
    panel=("unfinished", "site", "region", "domain", "kind"),
    unfinished=_open_flag(MaintenanceWindow),
)

SILENCE = Kind(
    model=Silence,
    rows=queries.silences,
    prepare=attach_matches,
    room=None,
    address="",
    pages=("list", "detail"),
    tabs=tabs,
    title="Silences",
    search_order=None,
    icon="eye-off",
    hint="Alerts held back for a time. Those that still fire afterwards are sent then",
    facts=(
        Facts("Facts", ("standing", "holds", "matched", "starts_at", "ends_at", "created_by", "channel")),
    ),
    viewset=viewset_of(queries.silences(), SilenceSerializer, _SILENCE_FILTERS, SilenceViewSet),
    entries=(
        Entry(
            url_name="silence-add",
            permissions=("alerts.add_silence",),
            heading="Silence alerts",
            form=SilenceForm,
            template=FORM,
            enter=operations.begin_silence,
            done="The silence is saved.",
            after=lambda silence: links.page_url(silence) or "",
            fills=("alert", "site", "region", "domain", "kind", "check_id", "object"),
            icon="eye-off",
        ),
        step_entry("silence", "edit", "Change the silence", SilenceForm, operations.change_silence,
                   "The silence is saved.", "edit", permissions=("alerts.change_silence",), when=_is_open,
                   template=FORM, initial=silence_initial),
        step_entry("silence", "end", "End the silence now", EndHeldForm, operations.end_silence,
                   "The silence is over.", "bell", permissions=("alerts.change_silence",), when=_is_open,
                   template=STEP, initial=_titled("End the silence “{}”")),
    ),
    table=_table(
        Silence,
        (
            plain("reason", "Reason", locked=True, phone="title", url=links.page_url),
            STANDING,
            HOLDS,
            MATCHED,
            plain("starts_at", "From"),
            Column("ends_at", "Until", "real_end_at", sort="ends_at"),
            AUTHOR,
            TOLD_TO,
        ),
        _SILENCE_FILTERS,
        label="Silences",
        default_sort="-ends_at",
        empty={
            "title": "No silence yet",
            "text": "A silence keeps alerts from being told for a time, with a reason and an end.",
        },
    ),
)  # fmt: skip
WINDOW = Kind(
    model=MaintenanceWindow,
    rows=queries.windows,
    prepare=attach_matches,
    room=("Silences", "silence-list"),
    address="windows",
    pages=("list", "detail"),
    tabs=tabs,
    icon="calendar",
    hint="Announced work: Muster holds alerts back, and raises at the end those that still fire",
    viewset=viewset_of(queries.windows(), MaintenanceWindowSerializer, _WINDOW_FILTERS, WindowViewSet),
    facts=(
        Facts("Facts", ("standing", "holds", "matched", "created_by", "channel", "reason")),
        Facts("When", ("next", "until", "starts_at", "lasts", "rule", "time_zone", "last_ends_at")),
    ),
    entries=(
        Entry(
            url_name="maintenance-window-add",
            address="add/",
            permissions=("alerts.add_maintenancewindow",),
            heading="Announce a window",
            form=WindowForm,
            template=FORM,
            enter=operations.announce_window,
            done="The window is saved.",
            after=lambda window: links.page_url(window) or "",
            fills=("site", "region", "domain", "kind", "check_id", "object"),
            icon="calendar",
        ),
        step_entry("maintenance-window", "edit", "Change the window", WindowForm, operations.change_window,
                   "The window is saved.", "edit", permissions=_MAY_CHANGE_WINDOW, when=_is_open,
                   template=FORM, initial=window_initial),
        step_entry("maintenance-window", "end-present", "End the present one now", EndOccurrenceForm,
                   operations.end_occurrence, "This occurrence is over; the next ones stay.", "bell",
                   permissions=_MAY_CHANGE_WINDOW, when=_is_present_of_several,
                   template=STEP, initial=_titled("End “{}” for now")),
        step_entry("maintenance-window", "end", "End it for good", EndHeldForm, operations.end_window,
                   "The window is over.", "ban", permissions=_MAY_CHANGE_WINDOW, when=_is_open,
                   template=STEP, initial=_titled("End “{}” for good")),
    ),
    table=_table(
        MaintenanceWindow,
        (
            plain("name", "Name", locked=True, phone="title", url=links.page_url),
            STANDING,
            HOLDS,
            MATCHED,
            Column("next", "Next or present from", "occurrence_starts_at", sort="occurrence_starts_at"),
            Column("until", "Until", "occurrence_ends_at", sort="occurrence_ends_at"),
            Column("rule", "Repeats", text=repeat_words, sort="rule"),
            Column("lasts", "Lasts", "duration_min", text=lambda window: duration_words(window.duration_min),
                   sort="duration_min", file_unit="min"),
            plain("last_ends_at", "Last ends", default=False),
            plain("starts_at", "First started", default=False),
            plain("time_zone", "Time zone", default=False),
            plain("reason", "What is done", default=False),
            AUTHOR,
            TOLD_TO,
        ),
        _WINDOW_FILTERS,
        label="Maintenance windows",
        default_sort="-last_ends_at",
        empty={
            "title": "No window yet",
            "text": "A window announces work, once or again and again, so that nobody is woken by it.",
        },
    ),
)  # fmt: skip
KINDS = (SILENCE, WINDOW)
