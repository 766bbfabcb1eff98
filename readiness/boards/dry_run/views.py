"""The page of a version's dry-runs, with the actions to try, publish and roll back."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.queries import MAY_PUBLISH, MAY_SEE
from readiness.assessment.framework.views import PAGES
from readiness.boards.dry_run import operations, queries
from readiness.boards.models import DryRun
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.permissions import reads, require
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.units import how_many, percent, power
from web.versioned.core.documents import DocumentError
from web.versioned.versions import NeedsReason, NotADraft, StaleContent
from web.workflows.pages import reader

type Plain = Mapping[str, Any]


def outcome(result: Plain) -> str:
    moved = sum(site["verdict_moves"] for site in result["sites"])
    if not moved:
        return "No site would change its verdict."
    return how_many(moved, "site would change its verdict.", "sites would change their verdict.")


def band_moved(before: Plain, after: Plain) -> str:
    kw, accelerators, sites = (after[name] - before[name] for name in ("it_kw", "accelerators", "sites"))
    if not (kw or accelerators or sites):
        return "unchanged"
    return (
        f"{_signed(str(power(abs(kw))), kw)}, {_signed(f'{abs(accelerators):,}', accelerators)} accelerators,"
        f" {_signed(str(abs(sites)), sites)} sites"
    )


def _signed(text: str, value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text}"


def moved_by(site: Plain) -> str:
    return "; ".join(_move(move) for move in site["responsible"] or site["moves"])


def _move(move: Plain) -> str:
    """Describe a change, such as `p2-backup-power pass → fail: UPS load 70 % against ≤ 65 % (was ≤ 80 %)`."""
    states = f"{move['before'] or 'none'} → {move['after'] or 'none'}"
    if move["gate_before"] != move["gate_after"] and move["gate_before"] and move["gate_after"]:
        states += f", {move['gate_before']} → {move['gate_after']}"
    parts = "; ".join(_part(part) for part in move["parts"])
    return f"{move['check']} {states}" + (f": {parts}" if parts else "")


def _part(part: Plain) -> str:
    value = "" if part["value"] is None else f" {part['value']:g} {part['unit']}".rstrip()
    before, after = part["threshold_before"], part["threshold_after"]
    if before == after:
        return f"{part['part']}{value}, {part['before'] or '–'} → {part['after'] or '–'}"
    return f"{part['part']}{value} against {after or '–'}, was {before or '–'}"


type Row = Mapping[str, Any]

RANK = {"not-ready": 0, "conditional": 1, "ready": 2, "": 3}
VERDICT_CELL = "readiness/framework/verdict_cell.html"


def _page(row: Row) -> str:
    return link("site", row["site"])


def _points(row: Row) -> float:
    return float((row["score_to"] or 0.0) - (row["score_from"] or 0.0))


def _score(row: Row) -> str:
    return f"{percent(row['score_from'], decimals=1)} → {percent(row['score_to'], decimals=1)}"


MOVED_SITES = Table(
    id="moved",
    noun=("site", "sites"),
    label="Sites that would move",
    columns=(
        Column("site", "Site", "name", url=_page, sort=True, locked=True, phone="title", export="site"),
        Column("from", "Verdict now", template=VERDICT_CELL, sort=lambda row: RANK[row["from"]]),
        Column("to", "Verdict then", template=VERDICT_CELL, phone="status",
               sort=lambda row: (not row["verdict_moves"], RANK[row["to"]])),
        Column("because", "Checks and thresholds responsible", moved_by, phone="full",
               template="readiness/framework/because_cell.html"),
        Column("score", "Score", _points, _score, sort=True, numeric=True, file_unit="points",
               export=lambda row: None if row["score_to"] is None else round(100 * row["score_to"], 4)),
        Column("it_kw", "IT power", text=lambda row: power(row["it_kw"]), file_unit="kW", sort=True, numeric=True),
        Column("accelerators", "Accelerators", sort=True, numeric=True),
    ),
    filters=(
        RowFilter("moves", "Moves", lambda row: "verdict" if row["verdict_moves"] else "score",
                  (("verdict", "Verdict"), ("score", "Score alone"))),
        RowFilter("to", "Verdict then", "to",
                  [(verdict, STATES["verdict"][verdict].word) for verdict in ("ready", "conditional", "not-ready")]),
    ),
    row_id="site",
    row_name="name",
    row_url=_page,
    nothing="readiness/nothing.html#moved",
)  # fmt: skip


TEMPLATE = "readiness/framework/dry_run.html"
SEE = (MAY_SEE, "boards.view_dryrun", "inventory.view_site")
VERDICTS = ("ready", "conditional", "not-ready", "none")
CHECK_STATES = ("pass", "warn", "fail", "unknown", "stale", "waived", "n-a")
NOTHING = {"sites": 0, "it_kw": 0.0, "accelerators": 0}


def _words(label: str, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), **options)


class WordsForm(forms.Form):
    note = _words("Note", required=False)
    override_reason = _words(
        "Reason to publish anyway",
        required=False,
        help_text="Required if there is an objection. Muster keeps it with the version.",
    )


class BackForm(forms.Form):
    note = _words("Why")


@reads(*SEE)
def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _show_page(request, PAGES.row(pk))


@require_POST
@require(*SEE, operations.MAY_TRY)
@never_cache
def start(request: HttpRequest, pk: int) -> HttpResponseBase:
    version = PAGES.row(pk)
    try:
        run = operations.start(version, by=reader(request), now=now())
    except operations.NothingToCompare as error:
        return _show_page(request, version, [str(error)], 409)
    if run.state == DryRun.State.DONE and run.result:
        messages.success(request, outcome(run.result))
    return HttpResponseRedirect(link("framework-dry-run", pk))


@require_POST
@require(*SEE, MAY_PUBLISH)
@never_cache
def publish(request: HttpRequest, pk: int) -> HttpResponseBase:
    version, form = PAGES.row(pk), WordsForm(request.POST)
    if not form.is_valid():
        return _show_page(request, version, _errors(form), 422)
    digest = request.POST.get("digest", "")[:64]
    try:
        operations.publish(version, digest=digest, **form.cleaned_data, by=reader(request), now=now())
    except NeedsReason as error:
        return _show_page(request, version, [*error.why, "Give a reason to publish it anyway."], 422)
    except DocumentError as error:
        return _show_page(request, version, [str(error)], 422)
    except (NotADraft, StaleContent) as error:
        return _show_page(request, PAGES.row(pk), [str(error)], 409)
    messages.success(request, f"{version.version} is in force; every site is scored again.")
    return HttpResponseRedirect(link("framework-version", pk))


@require_POST
@require(*SEE, MAY_PUBLISH)
@never_cache
def roll_back(request: HttpRequest, pk: int) -> HttpResponseBase:
    version, form = PAGES.row(pk), BackForm(request.POST)
    if not form.is_valid():
        return _show_page(request, version, _errors(form), 422)
    try:
        new_version = framework_operations.roll_back(
            version, **form.cleaned_data, by=reader(request), now=now()
        )
    except ValidationError as error:
        return _show_page(request, version, error.messages, 422)
    except NotADraft as error:
        return _show_page(request, version, [str(error)], 409)
    messages.success(request, f"{new_version.version} is in force and says what {version.version} said.")
    return HttpResponseRedirect(link("framework-version", new_version.pk))


def _show_page(
    request: HttpRequest, version: FrameworkVersion, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    in_force = framework_queries.current()[0]
    standing = queries.standing_of(version, in_force, now=now())
    result = standing.run.result if standing.run else None
    table = table_kit.page(request, MOVED_SITES, result["sites"] if result else [])
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, TEMPLATE, table)
    context = {
        "version": version,
        "name": version.name,
        "in_force": in_force,
        "standing": standing,
        "run": standing.run,
        "table": table,
        "runs": queries.runs(version),
        "refusals": refusals,
        "words": WordsForm(auto_id="id_publish_%s"),
        "back": BackForm(auto_id="id_back_%s"),
        "breadcrumbs": PAGES.breadcrumbs("Dry-run", version),
        **(_outcome(result) if result else {}),
    }
    return answers.page(request, TEMPLATE, context, status=status)


def _outcome(result: dict[str, Any]) -> dict[str, Any]:
    bands, states = result["bands"], result["states"]
    sides = [(each, *(bands[side].get(each, NOTHING) for side in ("before", "after"))) for each in VERDICTS]
    counts = [(each, *(states[side].get(each, 0) for side in ("before", "after"))) for each in CHECK_STATES]
    return {
        "outcome": outcome(result),
        "bands": [
            (verdict, after["it_kw"], band_moved(before, after))
            for verdict, before, after in sides
            if before["sites"] or after["sites"]
        ],
        "states": [each for each in counts if each[1] != each[2]],
    }


def _errors(form: forms.Form) -> list[str]:
    return [f"{form.fields[name].label}: {text}" for name, errors in form.errors.items() for text in errors]
