"""A digest as a document: sections of facts and tables, which the page, the PDF and the mail render."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings

from readiness.boards.alerts.carriers import carrier_of
from readiness.boards.digests.core import Cadence
from readiness.boards.digests.queries import EXPIRING, SHORT_SHIFTS, Digest, DigestCounts, GapMoves
from readiness.boards.home.queries import Few
from readiness.boards.packs.document import NOTHING, Document, PackTable, Section, columns_of
from readiness.loop.alerts.models import Alert
from readiness.loop.alerts.telling.payloads import absolute
from readiness.tradeoffs.models import Decision
from web.links import link, page_url
from web.units import day, how_many, instant, number, power
from web.workflows.waiting import InboxEntry

BEGAN = columns_of("Severity:severity 11, Alert> 37, Site 18, Began 16, Who is on it 18")
DATES = columns_of("Date 16, What> 32, Site 18, More 34")
MOVES = columns_of("Site> 22, Gap 14, Verdict before:verdict 14, Verdict now:verdict 14, Why 36")
DECISIONS = columns_of("Review on 16, Decision> 50, Site 34")
WAITING = columns_of("Due 16, To do 24, What> 42, Site 18")


def written(digest: Digest) -> Document:
    zone = ZoneInfo(digest.reader.time_zone)
    period, title = digest.period, f"{digest.period.cadence.value.capitalize()} digest"
    return Document(
        title=f"{title}: {digest.site.name}" if digest.site else title,
        subtitle=f"From {instant(period.start, zone)} until {instant(period.end, zone)}",
        stamp=f"Written for {digest.reader}",
        sections=tuple(_sections(digest, zone)),
    )


def subject_line(digest: Digest) -> str:
    local, counts = digest.period.end.astimezone(ZoneInfo(digest.reader.time_zone)), digest.counts
    cadence = digest.period.cadence.value.capitalize()
    return f"{cadence} digest, {day(local.date())}: {counts.began:,} began, {_open(counts)}"


def linked_from_outside(document: Document) -> Document:
    """The same with whole addresses, for mail and files; without links where Muster has no address of its own."""
    sections = [
        replace(
            section,
            url=_outside(section.url),
            table=section.table and replace(section.table, urls=tuple(map(_outside, section.table.urls))),
        )
        for section in document.sections
    ]
    return replace(document, sections=tuple(sections))


def _outside(url: str) -> str:
    return absolute(url) if settings.BASE_URL or not url.startswith("/") else ""


def _sections(digest: Digest, zone: tzinfo) -> Sequence[Section]:
    since = "week" if digest.period.cadence is Cadence.WEEKLY else "day"
    sections = [
        _summary(digest),
        _alerts(digest, digest.began, "began", "What broke", f"Nothing broke in this {since}."),
        _alerts(digest, digest.still_open, "open", "Still open from before", "Nothing is open from before."),
        replace(
            _dates(digest.expiring, "expiring", "Expires soon", "Nothing expires soon.", zone),
            url=link("alerts", kind=[kind.value for kind in EXPIRING], **_place(digest)),
        ),
    ]
    if digest.short_shifts is not None:
        url = link("cover-ahead", standing="short", **_place(digest))
        shifts = _dates(digest.short_shifts, "shifts", "Short shifts", "No shift ahead is short.", zone)
        sections.append(replace(shifts, url=url))
    if digest.gap is not None:
        sections.append(_gap(digest.gap, zone))
    if digest.decisions is not None:
        sections.append(_decisions(digest.decisions))
    sections.append(_waiting(digest.waiting))
    return sections


def _place(digest: Digest) -> dict[str, str]:
    return {"site": digest.site.slug} if digest.site else {}


def _summary(digest: Digest) -> Section:
    counts = digest.counts
    sites = f" at {how_many(counts.began_sites, 'site', 'sites')}" if counts.began_sites else ""
    following = counts.began - digest.began.total
    others = f", {following:,} of them with their cause" if following else ""
    facts = [
        ("Began", f"{how_many(counts.began, 'alert', 'alerts')}{sites}{others}"),
        ("Ended", how_many(counts.ended, "alert", "alerts")),
        ("Open now", _open(counts)),
        ("Nobody has taken", how_many(counts.untaken, "alert", "alerts")),
    ]
    if digest.gap is not None:
        facts.append(("Gap", _gap_words(digest.gap)))
    facts.append(("Waits for you", how_many(digest.waiting.total, "step", "steps")))
    return Section("short", "In short", facts=tuple(facts))


def _open(counts: DigestCounts) -> str:
    severities = ", ".join(f"{figure:,} {severity.value}" for severity, figure in counts.by_severity)
    return f"{counts.open:,} open ({severities})" if severities else "none open"


def _listed(few: Few, noun: str) -> str:
    return f"The first {len(few.rows)} of {number(few.total)} {noun}." if few.more else ""


def _alerts(digest: Digest, few: Few[Alert], id_: str, title: str, empty: str) -> Section:
    zone = ZoneInfo(digest.reader.time_zone)
    rows = tuple(
        (
            alert.severity,
            alert.title,
            alert.site.name if alert.site else NOTHING,
            instant(alert.began_at, zone),
            f"ended {instant(alert.ended_at, zone)}"
            if alert.ended_at
            else carrier_of(alert, digest.told.get(alert.pk)).words,
        )
        for alert in few.rows
    )
    return Section(
        id_,
        title,
        lead=_listed(few, "alerts"),
        table=PackTable(BEGAN, rows, tuple(page_url(alert) or alert.url for alert in few.rows))
        if rows
        else None,
        empty=empty,
        url=link("alerts", **_place(digest)),
    )


def _dates(few: Few[Alert], id_: str, title: str, empty: str, zone: tzinfo) -> Section:
    rows = tuple(
        (
            instant(alert.due_at, zone) if alert.due_at else NOTHING,
            alert.title if alert.kind in SHORT_SHIFTS else f"{alert.get_kind_display()}: {alert.title}",
            alert.site.name if alert.site else NOTHING,
            alert.detail,
        )
        for alert in few.rows
    )
    table = PackTable(DATES, rows, tuple(alert.url for alert in few.rows))
    return Section(id_, title, lead=_listed(few, "dates"), table=table if rows else None, empty=empty)


def _gap(gap: GapMoves, zone: tzinfo) -> Section:
    rows = tuple(
        (move.name, _signed_power(move.kw), move.before, move.after, move.reason or NOTHING)
        for move in gap.moves.rows
    )
    table = PackTable(MOVES, rows, tuple(link("site", move.slug) for move in gap.moves.rows))
    return Section(
        "gap",
        "Capacity gap",
        lead=_listed(gap.moves, "sites"),
        facts=(
            ("Deployed", str(power(gap.after.deployed.it_kw))),
            ("Ready", str(power(gap.after.ready.it_kw))),
            ("Gap", _gap_words(gap)),
            ("Gap before", f"{power(gap.before.gap.it_kw)}, {instant(gap.before.at, zone)}"),
        ),
        table=table if rows else None,
        url=link("gap"),
    )


def _gap_words(gap: GapMoves) -> str:
    change = gap.after.gap.it_kw - gap.before.gap.it_kw
    if not change:
        return f"{power(gap.after.gap.it_kw)}, as before"
    return (
        f"{power(gap.after.gap.it_kw)}, {power(abs(change))} {'more' if change > 0 else 'less'} than before"
    )


def _signed_power(kw: float) -> str:
    return f"{'+' if kw > 0 else '−'}{power(abs(kw))}"


def _decisions(few: Few[Decision]) -> Section:
    rows = tuple((day(decision.due_on), str(decision), decision.site.name) for decision in few.rows)
    table = PackTable(DECISIONS, rows, tuple(link("decision", decision.pk) for decision in few.rows))
    return Section(
        "decisions",
        "Decisions to review",
        lead=_listed(few, "decisions"),
        table=table if rows else None,
        empty="No decision waits for its review.",
        url=link("decisions"),
    )


def _waiting(few: Few[InboxEntry]) -> Section:
    rows = tuple(
        (
            day(entry.due_on) if entry.due_on else NOTHING,
            entry.turn.kind,
            entry.subject,
            str(entry.site) if entry.site else NOTHING,
        )
        for entry in few.rows
    )
    table = PackTable(WAITING, rows, tuple(entry.url for entry in few.rows))
    return Section(
        "waiting",
        "Waits for you",
        lead=_listed(few, "steps"),
        table=table if rows else None,
        empty="Nothing waits for you.",
        url=link("inbox"),
    )
