"""Frozen rows that several pages share. Instants are aware UTC; scores are 0 to 1; power is kW."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Model

from inventory.models import Site
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.names import check_title, failing_words
from readiness.assessment.scoring.core.states import CheckState, ReasonStanding
from readiness.assessment.scoring.models import Flip


@dataclass(frozen=True, slots=True)
class SiteRef:
    """Enough of a site to name and link it. `owner` is the team that owns its orchestration, else the text on the site.
    `accountable` is the name of who answers, only for readers who may see names: the deputy (`owner_is_deputy`) while
    the owner is on leave. Whoever has left owns nothing any more."""

    id: int
    slug: str
    name: str
    city: str
    country: str
    region: str
    kind: str
    stage: str
    owner: str
    latitude: float | None
    longitude: float | None
    accountable: str = ""
    owner_has_left: bool = False
    owner_left_at: datetime | None = None
    owner_is_deputy: bool = False


@dataclass(frozen=True, slots=True)
class PillarFigure:
    """One pillar at one site. `state` is the worst of its checks; scores are None if no weight applies."""

    id: str
    name: str
    short_name: str
    score: float | None
    upper: float | None
    waived: float | None
    coverage: float | None
    state: str
    waived_checks: int = 0


@dataclass(frozen=True, slots=True)
class HealthMark:
    """`clock` is "", "late" or "silent": the state of the sources behind this health. See core.silence.HealthAt."""

    domain: str
    health: str
    clock: str
    since: datetime
    last_health: str = ""
    heard_at: datetime | None = None
    is_last_known: bool = False


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Why an object is not well: the metric, its value at `taken_at`, and the exceeded limit with its source. `part` is
    what of the object the metric describes; the cause was first seen at `since`. One that `is_last_known` rests on no
    live sample, and `standing` says why. One without a metric is silence."""

    health: str
    object_kind: str
    object_id: int
    object: str
    metric: str
    title: str
    value: float | None
    unit: str
    threshold: float | None
    direction: str
    source: str
    taken_at: datetime | None
    since: datetime | None = None
    part: str = ""
    measure: str = ""
    is_last_known: bool = False
    standing: str = ReasonStanding.LIVE


def reason_of_stored(stored: Mapping[str, Any]) -> ReasonRow:
    texts = ("metric", "title", "unit", "direction", "source", "part", "measure")
    columns: dict[str, Any] = dict.fromkeys(texts, "")
    columns |= {"value": None, "threshold": None, "is_last_known": False, "standing": ReasonStanding.LIVE}
    columns |= stored
    if was := stored.get("was"):
        # Reasons that were stored before all of them had rows said what their silent object was.
        columns |= {"health": was, "is_last_known": True, "standing": ReasonStanding.LAST_KNOWN}
    for name in ("taken_at", "since"):
        at = stored.get(name)
        columns[name] = datetime.fromisoformat(at) if at else None
    return ReasonRow(**{name: columns[name] for name in ReasonRow.__slots__})


@dataclass(frozen=True, slots=True)
class PartRow:
    """One judged sub-measure. `threshold_source` is the label of the pass threshold: S#, OD, J or calc."""

    id: str
    name: str
    gate: str
    state: str
    value: float | None
    unit: str
    threshold: float | None
    threshold_text: str
    warn_text: str
    threshold_source: str
    threshold_source_title: str
    limit_id: str
    limit_source: str
    margin: float | None
    code: str
    tier: str
    reason: str
    detail: str
    evidence: str
    provenance: str
    taken_at: datetime | None
    age_s: float | None
    bad_since: datetime | None
    measure: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One stored check at one site. The figures are those of the deciding sub-measure. `failing` says in words why it
    is not passed, and is empty where it is. `evidence` names what was read (`kind`, `ref`, `object`); `age_s` is the
    time from `taken_at` to now."""

    id: str
    name: str
    claim: str
    failing: str
    pillar: str
    gate: str
    state: str
    measured_state: str
    code: str
    tier: str
    value: float | None
    unit: str
    threshold: float | None
    threshold_text: str
    margin: float | None
    reason: str
    evidence: dict[str, str]
    provenance: str
    taken_at: datetime | None
    age_s: float | None
    since: datetime
    first_bad_at: datetime | None
    expires_at: datetime | None
    parts: tuple[PartRow, ...]


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """How the definition judges one sub-measure. `source` is S#, OD, J or calc; OD is Muster's own default."""

    part_id: str
    part: str
    unit: str
    gate: str
    measure: str
    pass_text: str
    warn_text: str
    source: str
    source_title: str
    source_urls: tuple[str, ...]
    is_default: bool
    note: str
    validity_text: str
    limit_name: str
    limit_declared_on: str
    waits_for: str


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """The samples behind a figure: `params` work for the explorer's page and the query endpoint."""

    label: str
    unit: str
    metric: str
    params: dict[str, str]


class FlipRow(NamedTuple):
    """A change of state with its site and the title of the check or sub-measure, with what is wrong in words."""

    flip: Flip
    title: str


@cache
def _shared(kind: type[Any], model: type[Model]) -> tuple[str, ...]:
    columns = {column.attname for column in model._meta.concrete_fields}
    return tuple(field.name for field in fields(kind) if field.name in columns)


def copied[R](kind: type[R], stored: Model, /, **columns: Any) -> R:
    """A row made of these `columns` and the columns that have the name of a field."""
    names = (name for name in _shared(kind, type(stored)) if name not in columns)  # type: ignore[arg-type]
    return kind(**{name: getattr(stored, name) for name in names}, **columns)


def ref_of(site: Site) -> SiteRef:
    """The site needs its region joined in.

    Without the annotations of `annotate_owner`, the owner is the text on the site.
    """
    deputy_name = getattr(site, "deputy_name", None)
    return copied(
        SiteRef,
        site,
        region=site.region.name,
        owner=getattr(site, "answering", site.owner),
        latitude=None if site.latitude is None else float(site.latitude),
        longitude=None if site.longitude is None else float(site.longitude),
        accountable=deputy_name or getattr(site, "owner_name", ""),
        owner_has_left=getattr(site, "owner_has_left", False),
        owner_left_at=getattr(site, "owner_left_at", None),
        owner_is_deputy=deputy_name is not None,
    )


def flip_row(flip: Flip, framework: Framework) -> FlipRow:
    check = framework.checks_by_id.get(flip.key)
    if check is None:
        return FlipRow(flip, flip.key)
    # A flip keeps no code, and a warning may be that of a declaration that meets the limit.
    failed = flip.to_state == CheckState.FAIL
    words = failing_words(check, flip.to_state, flip.part, flip.threshold_text) if failed else ""
    figure = next((part.figure_name for part in check.parts if part.id == flip.part), flip.part)
    return FlipRow(flip, check_title(check, words or figure))
