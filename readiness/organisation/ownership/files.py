"""Ownership as files: to edit and import again, and as a RACI table. An import changes everything or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.utils.dateparse import parse_datetime

from accounts.models import User
from inventory.models import Site
from readiness.organisation.ownership import operations, rules
from readiness.organisation.ownership.core.sheet import BadSheet, SheetRow, Wrong
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person, Team
from web.workflows import require

BORDERS: Mapping[Item, tuple[Item, ...]] = {
    Item.COMPUTE_NETWORK: (Item.COMPUTE, Item.NETWORK),
    Item.NETWORK_ENERGY: (Item.NETWORK, Item.ENERGY),
    Item.COMPUTE_ENERGY: (Item.COMPUTE, Item.ENERGY),
    Item.COMPUTE: (Item.COMPUTE_NETWORK, Item.COMPUTE_ENERGY),
    Item.NETWORK: (Item.COMPUTE_NETWORK, Item.NETWORK_ENERGY),
    Item.ENERGY: (Item.NETWORK_ENERGY, Item.COMPUTE_ENERGY),
    Item.ORCHESTRATION: (Item.COMPUTE_NETWORK, Item.NETWORK_ENERGY, Item.COMPUTE_ENERGY),
}
"""The items that an item borders on; their owners are consulted on it."""


def person_key(person: Person | None) -> str:
    """Return what identifies a person in a file: a unique e-mail address, or else the id."""
    if person is None:
        return ""
    return person.email or f"person:{person.pk}"


def _live(now: datetime) -> Any:
    joined = ("accountable__user", "deputy__user", "team", "responsible")
    return Assignment.objects.live(now).select_related(*joined).order_by("item", "effective_at", "pk")


def _sites(now: datetime) -> Any:
    live = Prefetch("assignments", _live(now), to_attr="live")
    return Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk").prefetch_related(live)


def rows(*, now: datetime) -> Iterator[dict[str, str]]:
    for site in _sites(now):
        for item in Item:
            assignments = [assignment for assignment in site.live if assignment.item == item]
            yield from (_export_line(site, assignment) for assignment in assignments)
            if not assignments:
                yield {"site": site.slug, "item": item.value}


def _export_line(site: Site, assignment: Assignment) -> dict[str, str]:
    return {
        "site": site.slug,
        "item": assignment.item,
        "state": assignment.state,
        "accountable": person_key(assignment.accountable),
        "accountable_name": assignment.accountable.name,
        "team": assignment.team.slug,
        "deputy": person_key(assignment.deputy),
        "responsible": assignment.responsible.slug if assignment.responsible else "",
        "decision_rights": assignment.decision_rights,
        "escalation": assignment.escalation,
        "begins_at": assignment.effective_at.isoformat(),
    }


def raci_rows(*, now: datetime) -> Iterator[dict[str, str]]:
    """Rows of who is responsible, accountable, consulted and informed, for terms in force. Two statements.

    The owners of bordering items are consulted; the owner of the orchestration is informed.
    """
    for site in _sites(now):
        terms_in_force = {
            Item(assignment.item): assignment for assignment in site.live if assignment.is_in_force(now)
        }
        for item in Item:
            assignment = terms_in_force.get(item)
            overall = terms_in_force.get(Item.ORCHESTRATION)
            yield {
                "site": site.name,
                "item": str(Assignment.Item(item).label),
                "responsible": (assignment.responsible or assignment.team).name if assignment else "",
                "accountable": assignment.accountable.name if assignment else "",
                "deputy": assignment.deputy.name if assignment and assignment.deputy else "",
                "consulted": _names(terms_in_force.get(other) for other in BORDERS[item]),
                "informed": overall.accountable.name if overall and item is not Item.ORCHESTRATION else "",
            }


def _names(assignments: Iterable[Assignment | None]) -> str:
    return ", ".join(
        dict.fromkeys(assignment.accountable.name for assignment in assignments if assignment is not None)
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """The result of reading a file: proposals and amendments by line, in words. `unchanged` counts the other rows."""

    proposed: tuple[tuple[int, str], ...] = ()
    amended: tuple[tuple[int, str], ...] = ()
    unchanged: int = 0


@dataclass(slots=True)
class _Plan:
    proposals: list[tuple[SheetRow, operations.Proposal]] = field(default_factory=list)
    amendments: list[tuple[SheetRow, Assignment, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    wrongs: list[Wrong] = field(default_factory=list)


def take(sheet: Sequence[SheetRow], *, only_check: bool, by: User, now: datetime) -> Changes:
    """Propose and amend as the rows say, everything or nothing.

    Raises BadSheet with every wrong line, MissingPermission. `only_check` rolls the changes back.
    """
    require(by, rules.MAY_PROPOSE)
    with transaction.atomic():
        plan = _planned(sheet, now)
        _apply(plan, by=by, now=now)
        if plan.wrongs:
            raise BadSheet(sorted(plan.wrongs, key=lambda wrong: (wrong.line, wrong.field)))
        if only_check:
            transaction.set_rollback(True)
    return Changes(
        tuple(
            (row.line, f"{proposal.item} at {proposal.site}: {proposal.accountable}")
            for row, proposal in plan.proposals
        ),
        tuple(
            (row.line, f"{assignment}: {', '.join(sorted(changes))}")
            for row, assignment, changes in plan.amendments
        ),
        plan.unchanged,
    )


def _planned(sheet: Sequence[SheetRow], now: datetime) -> _Plan:
    plan, sheet_names = _Plan(), _SheetNames.read(sheet, now)
    earlier_keys: set[tuple[str, str, str]] = set()
    for row in sheet:
        key = (row.values["site"], row.values["item"], row.values["accountable"])
        if key in earlier_keys:
            plan.wrongs.append(Wrong(row.line, "", "An earlier line has the same item and person."))
            continue
        earlier_keys.add(key)
        _plan_row(row, sheet_names, plan, now)
    return plan


@dataclass(frozen=True, slots=True)
class _SheetNames:
    sites: Mapping[str, Site]
    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    live: Mapping[tuple[int, str], list[Assignment]]

    @classmethod
    def read(cls, sheet: Sequence[SheetRow], now: datetime) -> _SheetNames:
        slugs = {row.values["site"] for row in sheet}
        sites = {site.slug: site for site in Site.objects.filter(slug__in=slugs)}
        people = {}
        for person in Person.objects.select_related("user"):
            people[person_key(person)] = people[f"person:{person.pk}"] = person
        teams = {team.slug: team for team in Team.objects.all()}
        live: dict[tuple[int, str], list[Assignment]] = {}
        for assignment in (
            _live(now).filter(site__in=[site.pk for site in sites.values()]).select_related("site")
        ):
            live.setdefault((assignment.site_id, assignment.item), []).append(assignment)
        return cls(sites, people, teams, live)


def _plan_row(row: SheetRow, sheet_names: _SheetNames, plan: _Plan, now: datetime) -> None:
    wrongs: list[Wrong] = []
    cells = _meaning(row, sheet_names, wrongs)
    plan.wrongs += wrongs
    if wrongs:
        return
    site, item, person = cells["site"], row.values["item"], cells["accountable"]
    live_assignments = sheet_names.live.get((site.pk, item), [])
    if person is None:
        if live_assignments:
            reason = f"A file cannot end an assignment. End assignment {live_assignments[0].pk} on its page."
            plan.wrongs.append(Wrong(row.line, "accountable", reason))
        plan.unchanged += not live_assignments
        return
    same = next((each for each in live_assignments if each.accountable_id == person.pk), None)
    if same is not None:
        _plan_same(row, same, cells, plan)
        return
    begins_at = cells["begins_at"]
    proposal = operations.Proposal(
        site=site,
        item=item,
        accountable=person,
        team=cells["team"],
        deputy=cells["deputy"],
        responsible=cells["responsible"],
        decision_rights=row.values["decision_rights"],
        escalation=row.values["escalation"],
        effective_at=begins_at if begins_at and begins_at > now else None,
    )
    plan.proposals.append((row, proposal))


def _plan_same(row: SheetRow, same: Assignment, cells: Mapping[str, Any], plan: _Plan) -> None:
    """The person already has the item or is asked for it: accepted values are fixed, the rest may be amended."""
    fixed = {
        "team": (cells["team"], same.team),
        "decision_rights": (row.values["decision_rights"], same.decision_rights.strip()),
    }
    if cells["begins_at"] is not None:
        fixed["begins_at"] = (cells["begins_at"], same.effective_at)
    changed = [name for name, (sheet_value, is_now) in fixed.items() if not _alike(sheet_value, is_now)]
    plan.wrongs += [
        Wrong(row.line, name, f"Assignment {same.pk} has another value. End it and propose it again.")
        for name in changed
    ]
    amended = {
        name: value
        for name, value, is_now in (
            ("deputy", cells["deputy"], same.deputy),
            ("responsible", cells["responsible"], same.responsible),
            ("escalation", row.values["escalation"], same.escalation),
        )
        if not _alike(value, is_now)
    }
    if amended:
        plan.amendments.append((row, same, amended))
    plan.unchanged += not (amended or changed)


def _alike(sheet_value: Any, is_now: Any) -> bool:
    """Compare texts by words, because spreadsheets change line ends."""
    if isinstance(sheet_value, str):
        return sheet_value.split() == str(is_now).split()
    return bool(sheet_value == is_now)


def _meaning(row: SheetRow, sheet_names: _SheetNames, wrongs: list[Wrong]) -> dict[str, Any]:
    values = row.values

    def find(name: str, among: Mapping[str, Any], what: str, *, needed: bool) -> Any:
        word = values[name]
        if not word and not needed:
            return None
        if word not in among:
            reason = f"There is no {what} {word[:100]}." if word else "This field is required."
            wrongs.append(Wrong(row.line, name, reason))
        return among.get(word)

    has_owner = bool(values["accountable"])
    if values["item"] not in set(Item):
        wrongs.append(Wrong(row.line, "item", f"There is no item {values['item'][:50]}: {', '.join(Item)}."))
    if values.get("state", "") not in {"", *Assignment.State.values}:
        wrongs.append(Wrong(row.line, "state", f"There is no state {values['state'][:50]}."))
    cells = {
        "site": find("site", sheet_names.sites, "site", needed=True),
        "accountable": find("accountable", sheet_names.people, "person", needed=False),
        "team": find("team", sheet_names.teams, "team", needed=has_owner),
        "deputy": find("deputy", sheet_names.people, "person", needed=False),
        "responsible": find("responsible", sheet_names.teams, "team", needed=False),
        "begins_at": _instant(row, wrongs),
    }
    if not has_owner and any(values[name] for name in ("team", "deputy", "decision_rights", "escalation")):
        wrongs.append(Wrong(row.line, "accountable", "Name the accountable person."))
    return cells


def _instant(row: SheetRow, wrongs: list[Wrong]) -> datetime | None:
    text = row.values["begins_at"]
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        wrongs.append(
            Wrong(row.line, "begins_at", "Write a time with its UTC offset: 2026-11-24T00:00:00+00:00.")
        )
        return None
    return at


def _apply(plan: _Plan, *, by: User, now: datetime) -> None:
    """Stop at the first kind of error; errors are added to the plan, and the caller rolls everything back."""
    if plan.wrongs:
        return
    for row, assignment, changes in plan.amendments:
        try:
            operations.amend(assignment, by=by, now=now, **changes)
        except ValidationError as error:
            plan.wrongs += _wrongs(row.line, error)
    for start in range(0, len(plan.proposals), operations.MOST_AT_ONCE):
        some = plan.proposals[start : start + operations.MOST_AT_ONCE]
        try:
            operations.propose_many([proposal for _row, proposal in some], by=by, now=now)
        except operations.ProposalsRefused as error:
            for number, refused in error.refusals.items():
                plan.wrongs += _wrongs(some[number][0].line, refused)


def _wrongs(line: int, error: ValidationError) -> list[Wrong]:
    if not hasattr(error, "error_dict"):
        return [Wrong(line, "", message) for message in error.messages]
    return [Wrong(line, name, " ".join(messages)) for name, messages in error.message_dict.items()]
