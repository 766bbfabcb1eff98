"""The interop matrix: over the fleet, and of one site."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst

from readiness.assessment.evidence.core.interop import ASPECTS, CHECK
from readiness.assessment.evidence.core.proving.interop import JudgedPair, PairStanding
from readiness.boards.interop import picture, queries
from readiness.boards.interop.core.next_tests import WORST_FIRST
from readiness.boards.interop.picture import InteropPicture
from readiness.boards.interop.queries import FleetPair, SitePairs
from readiness.boards.interop.sentences import ASPECT_WORDS
from readiness.boards.params import check_named
from web import tables as table_kit
from web.ages import ago
from web.clock import now
from web.links import link
from web.reports import Report, choices
from web.states import STATES
from web.tables import Column, RowFilter, Table, TablePage
from web.tables.addresses import Address
from web.timerange import BadParameter
from web.units import day, duration, power

STANDINGS = [(each.value, STATES["interop"][each.value].word) for each in WORST_FIRST]
NAMES_SHOWN = 3


def row_id(pair: Any) -> str:
    """An id that stays the same while the pair is deployed, usable as an element id."""
    joined = "-".join("_".join(end) for end in pair.installed.key)
    return "".join(char if char.isalnum() else "-" for char in joined)


def fleet_table() -> Table:
    return _table(
        "interop",
        "Pairs of products and versions over the fleet",
        [
            Column("sites", "Sites", lambda row: len(row.places), _sites_words, worst_site, sort=True,
                   export=lambda row: " ".join(site.site.slug for site, _pair in row.places)),
            Column("proven_at", "Proven at", "proven_sites", sort=True, numeric=True),
            Column("until", "Proven until", "proven_until",
                   lambda row: day(row.proven_until) if row.proven_until else "", sort=True, numeric=True,
                   hint="When the first of its proofs ends"),
            *_links(),
            Column("at_stake", "Capacity at stake", "at_stake.it_kw",
                   lambda row: str(power(row.at_stake.it_kw)) if row.at_stake.it_kw else "", sort=True, numeric=True,
                   hint="Deployed at the sites where the pair is not proven"),
        ],
        row_url=worst_site,
        api="interop-api-list",
    )  # fmt: skip


def site_table(site: SitePairs, now: datetime) -> Table:
    validity = site.validity
    return _table(
        "interop-site",
        "Pairs of products and versions that this site links",
        [
            *(_aspect(aspect) for aspect in ASPECTS),
            *_links(),
            Column("runs", "Records", lambda row: " ".join(str(run.id) for run in row.runs),
                   template="readiness/interop/runs_cell.html", default=False),
            Column("tested", "Tested", "proof.taken_at",
                   lambda row: ago(row.proof.taken_at, now=now) if row.proof else "", numeric=True, sort=True),
            Column("expires", "Counts for", lambda row: row.proof.taken_at + validity if row.proof else None,
                   lambda row: _left(row, now, validity), numeric=True),
        ],
        site=site.site.slug,
    )  # fmt: skip


def _table(table_id: str, label: str, columns: Sequence[Column], site: str = "", **more: Any) -> Table:
    return Table(
        id=table_id,
        noun=("pair", "pairs"),
        label=label,
        columns=(
            Column("standing", "Proof", "standing.value", template="readiness/interop/standing_cell.html",
                   sort=lambda row: WORST_FIRST.index(row.standing), phone="status"),
            Column("pair", "Pair", "installed.name", template="readiness/interop/pair_cell.html", sort=True,
                   locked=True, phone="title"),
            *columns,
            Column("reason", "Why", phone="full"),
        ),
        filters=(RowFilter("standing", "Proof", "standing.value", STANDINGS),),
        row_id=row_id,
        row_name="installed.name",
        empty={
            "title": "No two devices are linked",
            "text": "Links between ports of devices, with their versions, make the pairs that a record can prove.",
            "icon": "topology-star-3",
            "action_url": link("link-list", **({"site": site} if site else {})),
            "action_label": "Links in the inventory",
        },
        **more,
    )  # fmt: skip


def _links() -> Sequence[Column]:
    return (
        Column("links", "Links", "installed.links", sort=True, numeric=True),
        Column("back_end", "Back end", "installed.back_end_links",
               lambda row: str(row.installed.back_end_links or "no"), sort=True, numeric=True,
               hint="Links of the accelerators’ own fabric"),
    )  # fmt: skip


def _aspect(aspect: str) -> Column:
    words, url = partial(aspect_words, aspect=aspect), partial(_run_url, aspect=aspect)
    hint = "PFC and ECN under incast" if aspect == "incast" else ""
    return Column(aspect, capfirst(ASPECT_WORDS[aspect]), words, hint=hint, url=url)


def aspect_words(pair: JudgedPair, aspect: str) -> str:
    if aspect not in pair.installed.aspects:
        return "not needed"
    outcome = pair.aspects.get(aspect)
    return "not tested" if outcome is None else "passed" if outcome.passed else "failed"


def _run_url(pair: JudgedPair, aspect: str) -> str:
    outcome = pair.aspects.get(aspect)
    return link("validation-run-detail", outcome.run.id) if outcome else ""


def _left(pair: JudgedPair, now: datetime, validity: timedelta) -> str:
    if pair.proof is None or pair.proof.voided:
        return ""
    left = (pair.proof.taken_at + validity - now).total_seconds()
    return duration(left) if left > 0 else "over"


def _sites_words(row: FleetPair) -> str:
    names = [site.site.name for site, _pair in row.places]
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def worst_site(row: FleetPair) -> str:
    return link("site-interop", row.worst_site.slug)


MAY_ADD = "evidence.add_validationrun"
MAY_SEE = ("inventory.view_site", "scoring.view_checkresult", "evidence.view_validationrun")
AS = "as"
FORMS = {"drawing": "Drawing", "table": "Table"}
FLEET = Report("readiness/interop/fleet.html", *MAY_SEE)
SITE = Report("readiness/interop/site.html", *MAY_SEE)


@FLEET.page
def fleet(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    sites = queries.pairs_of_sites(list(queries.sites()), now=at)
    pairs = queries.fleet_pairs(sites)
    return table_kit.page(request, fleet_table(), pairs), lambda: {
        "check": check_named(CHECK),
        "add_url": _add_url(request),
        **_drawn(request, lambda: picture.fleet_picture(pairs), lambda: queries.matrix(pairs)),
        **_next(request, sites, at),
        **_figures(sites, pairs),
    }


def _add_url(request: HttpRequest, **site: str) -> str:
    return link("validation-run-add", **site, tool="csv") if request.user.has_perm(MAY_ADD) else ""


def _drawn(
    request: HttpRequest, draw: Callable[[], InteropPicture], matrix: Callable[[], queries.Matrix]
) -> dict[str, Any]:
    """The drawing, or the matrix where the address asks for a table."""
    form = request.GET.get(AS, "drawing")
    if form not in FORMS:
        raise BadParameter(AS, f"is one of {', '.join(FORMS)}")
    address = Address(request, path=request.path, filters=())
    forms = choices(FORMS.items(), form, lambda name: address.url(**{AS: name}))
    return {"forms": forms} | ({"matrix": matrix()} if form == "table" else {"picture": draw()})


def _next(request: HttpRequest, sites: Sequence[SitePairs], at: datetime) -> dict[str, Any]:
    may_add, may_see_devices = map(request.user.has_perm, (MAY_ADD, "inventory.view_device"))
    lines, more = picture.next_lines(sites, now=at, may_add=may_add, may_see_devices=may_see_devices)
    return {"tests": lines, "more_tests": more}


def _figures(sites: Sequence[SitePairs], pairs: Sequence[FleetPair]) -> dict[str, Any]:
    open_sites = [site for site in sites if site.proven < len(site.pairs) and not site.is_single_vendor]
    standings = Counter(pair.standing for pair in pairs)
    return {
        "pairs": pairs,
        "proven": standings[PairStanding.PROVEN],
        "other_versions": standings[PairStanding.OTHER_VERSIONS],
        "stake": power(sum(site.deployed.it_kw for site in open_sites)),
        "open_sites": len(open_sites),
        "single_vendor": sum(site.is_single_vendor for site in sites),
    }


@SITE.page
def site(request: HttpRequest, slug: str) -> tuple[TablePage, Any]:
    at = now()
    check = check_named(CHECK)
    place = get_object_or_404(queries.sites().select_related("score"), slug=slug)
    [site_pairs] = queries.pairs_of_sites([place], now=at)
    add_url = _add_url(request, site=slug)
    check_url = link("site-check", slug, CHECK)
    draw = partial(picture.site_picture, site_pairs, import_url=add_url, check_url=check_url)
    return table_kit.page(request, site_table(site_pairs, at), list(site_pairs.pairs)), lambda: {
        "site": place,
        "site_pairs": site_pairs,
        "check": check,
        "add_url": add_url,
        **_drawn(request, draw, lambda: queries.matrix(site_pairs.pairs)),
        **_next(request, [site_pairs], at),
    }
