"""Tables of conformance, of layers, and of the sites that a version changes."""

from datetime import date

from readiness.assessment.standards.kinds import CONFORMANCE_FILTERS
from readiness.assessment.standards.models import Conformance
from readiness.boards.standards.core import LayerStanding
from readiness.boards.standards.queries import PreviewRow
from readiness.boards.standards.sentences import WORDS, next_step
from readiness.tradeoffs.flexibility.tables import index, shares
from web.kinds.columns import plain, related
from web.links import link
from web.tables import Column, Table
from web.units import how_many, signed


def _percent(row: Conformance) -> float | None:
    counted = row.objects_total - row.waived
    return round(100 * row.conforming / counted, 1) if counted else None


def _deviations(row: Conformance) -> str:
    return link("deviation-list", site=row.site.slug, standard_id=row.standard_id, domain=row.domain)


CONFORMANCE = Table(
    id="conformance",
    noun=("row", "rows"),
    label="Conformance by site, standard and domain",
    columns=(
        related("site", "Site", locked=True, phone="title"),
        related("standard", "Standard"),
        Column("version", "Version", value="version.version", sort="version__version"),
        plain("domain", "Domain", text=lambda row: row.get_domain_display()),
        Column("conforms", "Conforms", value=_percent, unit="%", numeric=True, phone="status",
               hint="Objects without a waiver that conform"),
        Column("objects_total", "Objects", numeric=True, sort="objects_total"),
        Column("deviating", "Deviate", numeric=True, sort="deviating", url=_deviations,
               tone=lambda row: "bad" if row.deviating else ""),
        Column("waived", "Waived", numeric=True, sort="waived", tone=lambda row: "warn" if row.waived else ""),
        plain("since_at", "Since"),
    ),
    filterset=CONFORMANCE_FILTERS,
    default_sort="-deviating",
    row_url=_deviations,
    row_name=str,
    api="standards-api-conformance-list",
    empty={
        "title": "No standard is in force",
        "text": "Publish a version of a standard. Muster then computes how far each site conforms, by its rules.",
        "icon": "shield-check",
        "page": "standard-list",
        "action_label": "Standards",
    },
)  # fmt: skip


def layer_table(today: date) -> Table:
    return Table(
        id="layers",
        noun=("layer", "layers"),
        label="Layers by what is one way and what stays open",
        columns=(
            Column("layer", "Layer", value="label", locked=True, phone="title"),
            Column("quadrant", "Standing", value=lambda row: WORDS[row.quadrant][0], phone="status",
                   tone=lambda row: WORDS[row.quadrant][1]),
            Column("next", "Next", value=lambda row: next_step(row, today), phone="row"),
            Column("standard", "Standard", value=lambda row: _rounded(row.standard), unit="%", numeric=True),
            Column("trend", "In 90 days", value=lambda row: _rounded(row.trend), numeric=True,
                   text=lambda row: "" if row.trend is None else signed(round(row.trend, 1), "%")),
            Column("flexible", "Flexible", value=lambda row: _rounded(row.flexible), unit="%", numeric=True,
                   hint="The chance that two units picked at random are of different suppliers"),
            Column("hhi", "Concentration", value=lambda row: _rounded(row.concentration.hhi), numeric=True,
                   text=lambda row: index(row.concentration) or "unknown", default=False),
            Column("shares", "Suppliers", value=lambda row: shares(row.concentration), phone="row"),
            Column("tested", "Proven alternatives", value=lambda row: _proven(row, today), phone="row"),
            Column("leaving", "Cost of leaving", value=_leaving, phone="row"),
        ),
        search=False,
        row_id="id",
        row_name="label",
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _proven(layer: LayerStanding, today: date) -> str:
    total = sum(len(area.proven_on) for area in layer.areas)
    return f"{sum(area.proven(today) for area in layer.areas)} of {total}" if total else "none on record"


def _leaving(layer: LayerStanding) -> str:
    return "; ".join(f"{area.name}: {area.leaving or 'not recorded'}" for area in layer.areas)


def _share(row: PreviewRow, side: str) -> str:
    conformance = getattr(row.change, side)
    if conformance is None:
        return "does not apply"
    counted = sum(domain.objects - domain.waived for domain in conformance.domains)
    return f"{sum(domain.conforming for domain in conformance.domains)} of {counted}"


def _checks(row: PreviewRow) -> str:
    return "; ".join(
        f"{part.check_id}, {part.part}: {part.was or 'no figure'} → {part.becomes or 'no figure'}"
        for part in row.moving_checks
    )


def _objects(row: PreviewRow) -> str:
    wants = sorted({each.wants for each in row.change.gained})
    return "; ".join(wants[:3]) + (f" and {len(wants) - 3} more" if len(wants) > 3 else "")


PREVIEW = Table(
    id="standard-preview",
    noun=("site changes", "sites change"),
    label="Sites that the version changes",
    columns=(
        Column("site", "Site", value="site.name", url=lambda row: link("site", row.site.slug), sort=True,
               locked=True, phone="title", export="site.slug"),
        Column("before", "Conform now", value=lambda row: _share(row, "was"), numeric=True),
        Column("after", "Would conform", value=lambda row: _share(row, "becomes"), numeric=True, phone="status"),
        Column("gained", "New deviations", value=lambda row: len(row.change.gained), sort=True, numeric=True,
               tone=lambda row: "bad" if row.change.gained else ""),
        Column("lost", "Deviations that end", value=lambda row: len(row.change.lost), sort=True, numeric=True),
        Column("wants", "What is wanted", value=_objects, phone="full"),
        Column("checks", "Checks that move", value=_checks, text=lambda row: _checks(row) or "none", phone="full"),
    ),
    search=False,
    row_id="site.pk",
    row_name="site.name",
    empty={
        "title": "Nothing changes",
        "text": "Every site conforms to this version as far as it does now.",
        "icon": "circle-check",
    },
)  # fmt: skip


def summary(rows: list[PreviewRow]) -> str:
    """One sentence on all sites."""
    if not rows:
        return "Publishing it changes no site."
    gained = sum(len(row.change.gained) for row in rows)
    lost = sum(len(row.change.lost) for row in rows)
    falling = sum(bool(row.moving_checks) for row in rows)
    return (
        f"Publishing it changes {how_many(len(rows), 'site', 'sites')}: "
        f"{how_many(gained, 'deviation begins', 'deviations begin')}, {how_many(lost, 'ends', 'end')}; "
        f"a check moves at {how_many(falling, 'site', 'sites')}."
    )
