"""A pack as a document: sections of facts and tables, as text, which the page and the PDF render."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from readiness.assessment.evidence.models import Attestation, RecordedFact, Review
from readiness.assessment.framework.core.definition import Check, Framework, Pillar
from readiness.assessment.framework.core.names import check_title
from readiness.assessment.framework.core.wording import label_title, name_checks
from readiness.assessment.scoring.core.states import CheckState
from readiness.assessment.scoring.queries.results import pass_text
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.checks import sentences as checks_sentences
from readiness.boards.checks.queries import deciding_part
from readiness.boards.packs.queries import Pack, refs_of
from readiness.golive.reviews.sentences import closed_words
from web.states import state
from web.units import day, duration, format_value, how_many, instant, number, percent, power
from web.visibility import name_of


@dataclass(frozen=True, slots=True)
class PackColumn:
    """`percent` is a share of the table's width.

    `kind` says that the cells are states of that kind, such as "check"; a column that `leads` has the link of its row.
    """

    title: str
    percent: int
    kind: str = ""
    leads: bool = False


@dataclass(frozen=True, slots=True)
class PackTable:
    """`urls` are the pages of the rows, if they have any."""

    columns: tuple[PackColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    urls: tuple[str, ...] = ()

    @property
    def lines(self) -> list[list[tuple[PackColumn, str]]]:
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def linked_lines(self) -> list[tuple[list[tuple[PackColumn, str]], str]]:
        return list(zip(self.lines, self.urls or [""] * len(self.rows), strict=True))


@dataclass(frozen=True, slots=True)
class Section:
    """`facts` are terms with their values; `empty` is shown if there are neither facts nor rows. `url` is the page that
    has all of it."""

    id: str
    title: str
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    table: PackTable | None = None
    empty: str = ""
    new_page: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """`stamp` says when and by whom it was made; it is the only part that differs between two packs of one state."""

    title: str
    subtitle: str
    stamp: str
    sections: tuple[Section, ...] = field(default=())


NOTHING = "–"


def utc(at: datetime | None) -> str:
    return instant(at, UTC) if at else NOTHING


def columns_of(declared: str) -> tuple[PackColumn, ...]:
    """Columns of "title percent, …"; "title:kind percent" holds states of that kind, "title> percent" leads."""
    columns = []
    for each in declared.split(", "):
        head, _, percent = each.rpartition(" ")
        title, _, kind = head.partition(":")
        columns.append(PackColumn(title.removesuffix(">"), int(percent), kind, title.endswith(">")))
    return tuple(columns)


DECIDING = columns_of("State:check 11, What decides it 25, Check 20, Why 44")
CHECKS = columns_of(
    "State:check 11, Check 19, Gate 6, Value 8, Limit 10, Limit from 7, Age 6, Evidence 11, Why 22"
)
EVIDENCE = columns_of("Evidence 10, What 22, Taken 13, Entered by 10, File 15, SHA-256 30")
GRANTS = columns_of("Kind 14, State:grant 10, Check 20, Reason 26, Requested by 10, Approver 10, Ends 10")
ANSWERS = columns_of("Domain 15, Answer:sign-off 15, Person 20, When 15, Note 35")


def written(pack: Pack, *, by: str, now: datetime) -> Document:
    site = pack.site
    return Document(
        title=f"Site pack: {site.name}",
        subtitle=f"Evidence of production readiness, framework {pack.framework.version}",
        stamp=f"Generated {utc(now)} by {by}",
        sections=(
            _site(pack),
            _verdict(pack),
            *(_checks(pack, pillar) for pillar in pack.framework.pillars),
            _evidence(pack),
            _grants(pack),
            *_reviews(pack),
            _campaign(pack),
            _labels(pack.framework),
        ),
    )


def _site(pack: Pack) -> Section:
    site, row = pack.site, pack.row
    facts = [
        ("Name", site.name),
        ("Slug", site.slug),
        ("Region", site.region.name),
        ("Place", ", ".join(part for part in (site.city, site.country) if part)),
        ("Kind", site.get_kind_display()),
        ("Stage", site.get_stage_display()),
        ("Profiles", ", ".join(site.profiles) or NOTHING),
        ("Owner", getattr(site, "answering", site.owner) or "none"),
        ("Time zone", site.time_zone),
        ("Deployed", str(power(row.deployed.it_kw))),
        ("Accelerators", number(row.deployed.accelerators)),
        ("Contracted power", str(format_value(site.contracted_kw, "kW"))),
    ]
    return Section("site", "Site", facts=tuple(facts))


def _verdict(pack: Pack) -> Section:
    score = pack.score
    if score is None:
        return Section("verdict", "Verdict", empty="The site was not evaluated yet.")
    names = {check.id: check.name for check, _row in pack.checks}
    facts = [
        ("Verdict", str(state("verdict", score.confirmed_verdict).word)),
        (
            "Why",
            name_checks(score.verdict_reason, pack.framework) or checks_sentences.no_verdict(pack.site.stage),
        ),
        ("Since", utc(score.verdict_since)),
        (
            "Score",
            f"{percent(score.score)} (at best {percent(score.score_upper)})" if score.verdict else NOTHING,
        ),
        ("Coverage by fresh evidence", str(percent(score.coverage))),
        ("Evaluated", utc(score.evaluated_at)),
        ("Framework", pack.framework.version),
    ]
    if score.failed_at:
        failed = f"since {utc(score.failed_at)}: {score.failure}; this document shows the last evaluation"
        facts.insert(1, ("Could not be evaluated", failed))
    if score.excepted:
        lifted = ", ".join(names.get(check_id, check_id) for check_id in score.excepted)
        facts.append(("Lifted by a signed exception", lifted))
    if score.measurable:
        declared = checks_sentences.reliance_on_declarations(len(score.capped), score.measurable)
        facts.append(("Measured or declared", declared))
    rows = tuple(
        (result.state, check_title(check, result.failing), check.id, result.reason)
        for check, result in pack.checks
        if result is not None and check.id in score.deciding
    )
    return Section(
        "verdict", "Verdict", facts=tuple(facts), table=PackTable(DECIDING, rows) if rows else None
    )


def _checks(pack: Pack, pillar: Pillar) -> Section:
    of_pillar = [each for each in pack.checks if each[0].pillar == pillar.id]
    rows = tuple(_check(check, row, pack.framework) for check, row in of_pillar)
    return Section(f"pillar-{pillar.id}", pillar.name, table=PackTable(CHECKS, rows), new_page=True)


def _check(check: Check, row: CheckRow | None, framework: Framework) -> tuple[str, ...]:
    name, first = f"{check.name} ({check.id})", check.parts[0]
    label = first.pass_at.source if first.pass_at else NOTHING
    limit = pass_text(first, framework) or NOTHING
    if row is None:
        unknown = (NOTHING, limit, label, NOTHING, NOTHING, "Not evaluated yet.")
        return ("unknown", name, str(check.gate), *unknown)
    part = deciding_part(row)
    return (
        row.state,
        name,
        row.gate,
        str(format_value(row.value, row.unit)) if row.value is not None else NOTHING,
        row.threshold_text or limit,
        (part.threshold_source if part else "") or label,
        duration(row.age_s) if row.age_s is not None else NOTHING,
        ", ".join(ref.replace(":", " ") for ref in refs_of(row)) or _telemetry(row),
        row.reason,
    )


def _telemetry(row: CheckRow) -> str:
    return f"telemetry, {row.provenance}" if row.taken_at and row.provenance else NOTHING


def _evidence(pack: Pack) -> Section:
    rows: list[tuple[str, ...]] = [
        (
            *(f"run {run.pk}", f"{run.get_tool_display()}, {run.get_scope_display()}".lower()),
            *(
                utc(run.taken_at),
                str(run.by or NOTHING),
                run.file_name or NOTHING,
                run.file_sha256 or NOTHING,
            ),
        )
        for run in pack.runs
    ]
    for fact in pack.facts:
        rows.append(
            _record("fact", fact, f"{_part_name(pack.framework, fact.check_id, fact.part)}; {fact.source}")
        )
    for stated in pack.attestations:
        part_name = _part_name(pack.framework, stated.check_id, stated.part)
        words = (part_name, name_of(stated.attested_by), stated.document, stated.link, _confirmed(stated))
        rows.append(_record("attestation", stated, "; ".join(filter(None, words))))
    return Section(
        "evidence",
        "Evidence that checks stand on",
        lead="Runs with the digest of the file as it was sent, recorded facts and attestations.",
        table=PackTable(EVIDENCE, tuple(rows)) if rows else None,
        empty="No run, fact or attestation; what was judged came from telemetry and the inventory.",
        new_page=True,
    )


def _confirmed(stated: Attestation) -> str:
    if stated.rejected_at:
        return f"rejected by {name_of(stated.rejected_by)}: {stated.rejection}"
    return f"confirmed by {name_of(stated.confirmed_by)}" if stated.confirmed_at else "not confirmed"


def _part_name(framework: Framework, check_id: str, part_id: str) -> str:
    check = framework.checks_by_id.get(check_id)
    part = framework.parts_by_key.get((check_id, part_id))
    names = (check.name if check else check_id, part.name if part else part_id)
    return ", ".join(filter(None, names))


def _record(kind: str, record: RecordedFact | Attestation, what: str) -> tuple[str, ...]:
    return (f"{kind} {record.pk}", what, utc(record.taken_at), str(record.by or NOTHING), NOTHING, NOTHING)


def _grants(pack: Pack) -> Section:
    rows = tuple(
        (
            grant.get_kind_display(),
            grant.state,
            _part_name(pack.framework, grant.check_id, grant.part),
            grant.reason,
            name_of(grant.requested_by),
            name_of(grant.approver) or NOTHING,
            utc(grant.ends_at),
        )
        for grant in pack.grants
    )
    by_rule = tuple(
        (f"Not applicable: {check.name}", row.reason)
        for check, row in pack.checks
        if row is not None and row.state == CheckState.NOT_APPLICABLE and row.code == "excluded"
    )
    return Section(
        "grants",
        "Waivers, exceptions and what does not apply",
        facts=by_rule,
        table=PackTable(GRANTS, rows) if rows else None,
        empty="None: every check counts as measured.",
    )


def _reviews(pack: Pack) -> Sequence[Section]:
    if not pack.reviews:
        production = pack.site.stage == pack.site.Stage.PRODUCTION
        message = "In production without a review." if production else "No review was opened."
        return [Section("review", "Go-live review", empty=message)]
    return [_review(review) for review in pack.reviews]


def _review(review: Review) -> Section:
    facts = [
        ("State", review.get_state_display()),
        ("Opened", f"{name_of(review.opened_by)}, {utc(review.opened_at)}"),
    ]
    if review.ended_by:
        facts.append(("Ended", f"{name_of(review.ended_by)}, {utc(review.ended_at)}"))
    if review.end_note:
        facts.append(("Note", review.end_note))
    if review.framework_version:
        facts.append(("Framework at the decision", review.framework_version.version))
    for action in review.actions.all():
        kind = "Critical action" if action.critical else "Action"
        due = day(action.due_on) if action.due_on else "no date"
        status = closed_words(action) or f"open, {due}"
        facts.append((kind, f"{action.title} ({name_of(action.owner or action.owner_name)}): {status}"))
    rows = tuple(
        (
            sign_off.get_domain_display(),
            sign_off.state,
            name_of(sign_off.approver) or "nobody named",
            utc(sign_off.answered_at),
            sign_off.note or NOTHING,
        )
        for sign_off in review.sign_offs.all()
    )
    return Section(f"review-{review.pk}", str(review), facts=tuple(facts), table=PackTable(ANSWERS, rows))


def _campaign(pack: Pack) -> Section:
    title = "Validation campaign"
    if pack.campaign is None:
        return Section("campaign", title, empty="None was planned.")
    campaign, totals = pack.campaign.campaign, pack.campaign.sum
    open_by = ", ".join(
        f"{totals.by_progress[key]} {state('campaign-item', key).word}".lower()
        for key in ("failed", "blocked", "stale", "missing")
        if totals.by_progress.get(key)
    )
    facts = (
        ("Name", campaign.name),
        ("State", campaign.get_state_display()),
        ("Due", day(campaign.due_on)),
        ("Done", f"{totals.done} of {how_many(totals.total, 'item', 'items')}"),
        ("Open", open_by or "nothing"),
        ("Planned by", f"{name_of(campaign.created_by)}, {utc(campaign.created_at)}"),
    )
    return Section("campaign", title, facts=facts)


def _labels(framework: Framework) -> Section:
    used = {part.pass_at.source for check in framework.checks for part in check.parts if part.pass_at}
    facts = tuple((label, label_title(label, framework)) for label in sorted(used))
    return Section(
        "labels",
        "Where limits come from",
        lead=f"Framework {framework.version}, digest {framework.content_digest}.",
        facts=facts,
    )
