"""The matrix page with the evidence of one cell, each of which can be loaded alone, and its report."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check, Framework
from readiness.assessment.grants import queries as waiver_queries
from readiness.assessment.grants.operations import MAY_REQUEST
from readiness.assessment.scoring.queries.capacity import check_name
from readiness.boards.checks import queries as check_queries
from readiness.boards.checks import sentences as checks_sentences
from readiness.boards.checks.detail import held_kw
from readiness.boards.checks.proof import proof_link
from readiness.boards.checks.queries import set_aside
from readiness.boards.gap import sentences as gap_sentences
from readiness.boards.matrix import queries, tables
from readiness.boards.matrix.queries import CellFilters
from readiness.boards.matrix.tables import FILTER_NAMES, MatrixFilters, matrix_table
from readiness.boards.waivers import sentences as waiver_lines
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import crumbs
from web.reports import Report
from web.tables import TablePage
from web.tables.addresses import PAGE, SEARCH, SIZE, SORT, Address
from web.tables.filtering import narrowed

CELL, GROUP, EXPORT = "cell", "group", "export"
BY_REGION = "region"
FAILING, CAPPED, EXPIRING = ("state", "fail"), ("tier", "capped"), ("expiring", "true")
QUICK = {"Only failing": FAILING, "Declared, not measured": CAPPED, "Expiring in 14 days": EXPIRING}
"""Frequent filters that have a button of their own; a second press removes the filter."""
VERDICTS = ("ready", "conditional", "not-ready", "none")
EVIDENCE_REGION = "evidence"
GRANTS_SHOWN = 5
TEMPLATE = "readiness/matrix/page.html"
MAY_SEE = ("inventory.view_site", "scoring.view_checkresult")
MATRIX = Report(TEMPLATE, *MAY_SEE)
REPORT = Report("readiness/matrix/report.html", *MAY_SEE)


@MATRIX.reads
def matrix(request: HttpRequest) -> HttpResponseBase:
    at = now()
    _version, framework = framework_queries.current()
    address = Address(request, path=request.path, filters=FILTER_NAMES)
    target = request.headers.get("HX-Target", "").partition("#")[2]
    if target == EVIDENCE_REGION:
        return answers.page(request, f"{TEMPLATE}#evidence", _evidence(request, address, framework, at))
    selection = _select(request, address, framework, at)
    if selection.table.export:
        return table_kit.respond(request, TEMPLATE, selection.table)
    context = _table(address, selection, framework, at)
    if table_kit.wants_table_only(request, selection.table):
        return answers.page(request, f"{TEMPLATE}#matrix", context)
    return answers.page(request, TEMPLATE, context | _evidence(request, address, framework, at))


@REPORT.page
def report(request: HttpRequest) -> tuple[TablePage, Any]:
    """Everything that the filters select, in the order of the address and without pages, for printing."""
    at = now()
    version, framework = framework_queries.current()
    address = Address(request, path=request.path, filters=FILTER_NAMES)
    selection = _select(request, address, framework, at)

    def context() -> dict[str, Any]:
        rows = [row for chunk in selection.table.source.chunks() for row in chunk]
        gap, verdicts = queries.gap(rows, now=at), Counter(row.verdict or "none" for row in rows)
        matrix_url = _elsewhere("readiness", address)
        return {
            "version": version.version,
            "now": at,
            "scope": tables.scope(selection.left.extent, queries.every_site(), len(selection.checks)),
            "evaluated_at": selection.left.extent.evaluated_at,
            "gap": gap,
            "ready": verdicts["ready"],
            "judged": sum(verdicts.values()) - verdicts["none"],
            "verdicts": [(verdict, verdicts[verdict]) for verdict in VERDICTS if verdicts[verdict]],
            "standing": gap_sentences.readiness_summary(gap, verdicts),
            "rows": [
                (
                    row,
                    [check_name(framework, check_id) for check_id in row.stored.deciding],
                    tables.letters(row, selection.checks),
                )
                for row in rows
            ],
            "pillars": tables.headings(selection.checks, framework.pillars, selection.counts, address),
            "letters": tables.key_to_letters(),
            "matrix_url": matrix_url,
            "breadcrumbs": crumbs("Report", ("Matrix", matrix_url)),
        }

    return selection.table, context


@dataclass(frozen=True, slots=True)
class MatrixSelection:
    left: queries.Left
    checks: tuple[Check, ...]
    counts: Mapping[str, queries.CheckCount]
    table: table_kit.TablePage
    grouped: bool


def _select(request: HttpRequest, address: Address, framework: Framework, at: datetime) -> MatrixSelection:
    filters = CellFilters.read(request.GET)
    checks = filters.checks(framework.checks)
    sites = queries.table(now=at, by_check=_sorted_by(address, framework))
    left = queries.left(narrowed(MatrixFilters, sites, request.GET))
    counts = queries.counts(left.ids, checks, filters, now=at)
    if filters.picks_cells:
        checks = tuple(check for check in checks if counts[check.id].matching)
    grouped = address.one(GROUP) == BY_REGION
    in_file = bool(request.GET.get(EXPORT))
    table = table_kit.page(
        request,
        matrix_table(framework.checks, selected_checks=checks, in_file=in_file, grouped=grouped),
        sites,
        prepare=lambda page: queries.rows(page, [check.id for check in checks], now=at),
        total=left.extent.sites,
    )
    return MatrixSelection(left, checks, counts, table, grouped)


def _table(
    address: Address, selection: MatrixSelection, framework: Framework, at: datetime
) -> dict[str, Any]:
    rows = tables.row_lines(
        [row.object for row in selection.table.rows], selection.checks, current_key=address.one(CELL), now=at
    )
    regions = selection.left.regions if selection.grouped and rows else {}
    return {
        "table": selection.table,
        "checks": selection.checks,
        "pillars": tables.headings(selection.checks, framework.pillars, selection.counts, address),
        "groups": tables.groups(rows, regions),
        "tiers": tables.MARKED_TIERS,
        "legend": tables.legend(selection.counts[check.id] for check in selection.checks),
        "scope": tables.scope(selection.left.extent, _every(address, selection), len(selection.checks)),
        "gap_kw": selection.left.extent.gap_kw,
        "evaluated_at": selection.left.extent.evaluated_at,
        "quick": _quick(address, grouped=selection.grouped),
        "chips": [chip for chip in selection.table.chips if chip.remove_url not in _pressed(address)],
        "cell_fields": [(name, value) for name, value in address.pairs if name != CELL],
        "report_url": _elsewhere("readiness-report", address),
    }


def _every(address: Address, selection: MatrixSelection) -> int:
    """The total number of sites; equal to the shown ones if no filter is set."""
    narrows = address.applied or address.one(SEARCH)
    return queries.every_site() if narrows else selection.left.extent.sites


def _sorted_by(address: Address, framework: Framework) -> str:
    sort_key = address.one(SORT).removeprefix("-")
    return sort_key if sort_key in framework.checks_by_id else ""


def _quick(address: Address, *, grouped: bool) -> list[dict[str, Any]]:
    return [
        *(_button(label, address, pair, pressed=pair in address.applied) for label, pair in QUICK.items()),
        _button("By region", address, (GROUP, BY_REGION), pressed=grouped),
    ]


def _button(label: str, address: Address, pair: tuple[str, str], *, pressed: bool) -> dict[str, Any]:
    name, value = pair
    url = address.removal_url(name, value) if pressed else address.anew(**{name: value})
    return {"label": label, "url": url, "pressed": pressed}


def _pressed(address: Address) -> set[str]:
    return {address.removal_url(*pair) for pair in QUICK.values() if pair in address.applied}


def _elsewhere(name: str, address: Address) -> str:
    pairs = [(each, value) for each, value in address.pairs if each not in {CELL, PAGE, SIZE}]
    return f"{reverse(name)}?{urlencode(pairs)}" if pairs else reverse(name)


def _evidence(request: HttpRequest, address: Address, framework: Framework, at: datetime) -> dict[str, Any]:
    cell_key = address.one(CELL)
    if not cell_key:
        return {"evidence": None}
    slug, _dot, check_id = cell_key.partition(".")
    site = Site.objects.select_related("region", "score").filter(slug=slug).first()
    if site is None or check_id not in framework.checks_by_id:
        raise Http404(f"cell: {cell_key} names no site and check, as in dublin-1.p3-role-coverage.")
    site_check = check_queries.site_check(site, check_id, now=at)
    result = site_check.result
    grants = waiver_queries.grants_of_check(site, check_id, now=at, limit=GRANTS_SHOWN)
    decided = result.evidence if result else {}
    rules = {rule.part_id: rule for rule in site_check.thresholds}
    return {
        "evidence": {
            "site": site,
            "now": at,
            "site_check": site_check,
            "short": site_check.check.name,
            "stake_kw": held_kw(site, check_id, now=at),
            "rule": rules.get(decided.get("part", "")) or site_check.thresholds[0],
            "proof": proof_link(decided.get("ref", "")),
            "valid": ", ".join(sorted({rule.validity_text for rule in site_check.thresholds})),
            "strip": checks_sentences.strip_cells(site_check.strip),
            "strip_label": checks_sentences.strip_label(site_check.strip),
            "grants": grants,
            "set_aside": set_aside(site, result, now=at),
            "no_verdict": "" if site.has_verdict else checks_sentences.no_verdict(site.stage),
        },
        "offer": waiver_lines.offer(result, slug) if request.user.has_perm(MAY_REQUEST) else None,
        "close_url": address.url(without=[CELL]),
    }
