"""Who is told of alerts at an instant: who is on call, else who owns the item, by the route; and subscribers."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.models import DomainChoices, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.routes import (
    SHIPPED_ROUTE,
    SUBSCRIBER,
    EscalationTarget,
    LevelTarget,
    NotTold,
    Recipient,
    Recipients,
    RouteLevel,
    Whom,
    levels_of,
    nearest_route,
    route_for,
)
from readiness.loop.alerts.models import Alert, EscalationRoute, Subscription
from readiness.loop.alerts.telling.queries import last_resort
from readiness.loop.alerts.telling.readers import AlertReaders, alert_readers
from readiness.loop.problems.responders import answering_cell, shifts_at
from readiness.organisation.ownership import queries as ownership
from readiness.organisation.ownership.queries import UNOWNED, SiteCells
from readiness.organisation.people.core.on_call import PRIMARY, SECONDARY
from readiness.organisation.people.models import Person, Shift
from web import scopes
from web.delivery.models import Channel

__all__ = ["Recipient", "Recipients", "RouteLevel", "recipients_of"]

ROLES = {
    EscalationTarget.PRIMARY: "primary on call",
    EscalationTarget.SECONDARY: "secondary on call",
    EscalationTarget.PERSON: "named in the route",
    EscalationTarget.CHANNEL: "shared channel",
}
_ON_CALL = {EscalationTarget.PRIMARY: PRIMARY, EscalationTarget.SECONDARY: SECONDARY}


def recipients_of(alerts: Iterable[Alert], *, now: datetime) -> dict[int, Recipients]:
    """Recipients by alert. A fixed number of statements, however many alerts; nothing is narrowed to a reader."""
    alerts = list(alerts)
    if not alerts:
        return {}
    with scopes.everything():
        facts = _facts_of(alerts, now)
        # Of thousands of alerts of a lost region, few differ in what decides who is told.
        alike: dict[tuple[object, ...], Recipients] = {}
        for alert in alerts:
            if (key := _key(alert)) not in alike:
                alike[key] = _recipients_of_alert(alert, facts)
        return {alert.pk: alike[_key(alert)] for alert in alerts}


def _key(alert: Alert) -> tuple[object, ...]:
    """Two alerts with the same key have the same recipients."""
    return alert.site_id, alert.domain, alert.check_id, alert.kind, alert.severity


def domains_of(alert: Alert, framework: Framework) -> tuple[str, ...]:
    """The domains that answer for an alert; none where that is the owner of the site's orchestration."""
    if alert.domain:
        return (alert.domain,)
    if check := framework.checks_by_id.get(alert.check_id):
        return tuple(check.domains)
    return tuple(DomainChoices.values) if alert.kind == AlertKind.SOURCE else ()


@dataclass(frozen=True, slots=True)
class _RouteFacts:
    framework: Framework
    sites: Mapping[int, Site]
    shifts: Mapping[tuple[int, str], Sequence[Shift]]
    cells: Mapping[int, SiteCells]
    users: Mapping[int, int | None]
    routes: Mapping[tuple[str, int | None, str], Sequence[LevelTarget]]
    channels: Mapping[int, Channel]
    subscriptions: Sequence[Subscription]
    last_resort: Channel | None
    readers: AlertReaders

    def site(self, alert: Alert) -> Site | None:
        return None if alert.site_id is None else self.sites.get(alert.site_id)


def _facts_of(alerts: Collection[Alert], now: datetime) -> _RouteFacts:
    _version, framework = framework_queries.current()
    domains_of_sites: dict[int, set[str]] = defaultdict(set)
    for alert in alerts:
        if alert.site_id is not None:
            domains_of_sites[alert.site_id].update(domains_of(alert, framework))
    sites = Site.objects.filter(pk__in=domains_of_sites).select_related("region").in_bulk()
    cells = ownership.cells(now=now, site_ids=list(domains_of_sites)) if domains_of_sites else {}
    routes = _routes()
    whom = {level.whom for levels in routes.values() for level in levels}
    answering = {cell.current.answers_id for each in cells.values() for cell in each.values() if cell.current}
    named_people = {each.number for each in whom if each.target == EscalationTarget.PERSON}
    people = Person.objects.present(now).filter(
        pk__in=[each for each in answering | named_people if each is not None]
    )
    channel_ids = {each.number for each in whom if each.target == EscalationTarget.CHANNEL}
    return _RouteFacts(
        framework=framework,
        sites=sites,
        shifts=shifts_at(domains_of_sites, now=now),
        cells=cells,
        users=dict(people.values_list("pk", "user_id")),
        routes=routes,
        channels=Channel.objects.in_bulk(channel_ids) if channel_ids else {},
        subscriptions=list(Subscription.objects.order_by("pk")),
        last_resort=last_resort(),
        readers=alert_readers(),
    )


def _routes() -> dict[tuple[str, int | None, str], Sequence[LevelTarget]]:
    """The levels of each route, by its home and domain. Two statements."""
    routes: dict[tuple[str, int | None, str], Sequence[LevelTarget]] = {}
    for route in EscalationRoute.objects.order_by("pk").prefetch_related("levels"):
        levels = [
            LevelTarget(
                timedelta(minutes=level.after_min),
                Whom(EscalationTarget(level.target), level.person_id or level.channel_id),
            )
            for level in route.levels.all()
        ]
        home = "site" if route.home_site_id else "region" if route.home_region_id else ""
        if levels:
            routes[home, route.home_site_id or route.home_region_id, route.domain] = levels
    return routes


def _recipients_of_alert(alert: Alert, facts: _RouteFacts) -> Recipients:
    site, domains = facts.site(alert), domains_of(alert, facts.framework)
    route = nearest_route(
        facts.routes,
        site_id=alert.site_id,
        region_ids=facts.readers.region_ids(site),
        domain=domains[0] if len(domains) == 1 else "",
    )
    levels = route_for(AlertKind(alert.kind), AlertSeverity(alert.severity), route or SHIPPED_ROUTE)
    whom = {level.whom for level in levels} | {Whom(target) for target in (*_ON_CALL, EscalationTarget.OWNER)}
    people = {each: _recipients_at(each, alert, domains, facts) for each in whom}
    resort = facts.last_resort
    return Recipients(
        levels_of(levels, people),
        _subscribers(alert, facts),
        _channel_recipient(resort, "last resort", alert, facts) if resort is not None else None,
    )


def _recipients_at(
    whom: Whom, alert: Alert, domains: Collection[str], facts: _RouteFacts
) -> tuple[Recipient, ...]:
    role = ROLES.get(whom.target, "")
    match whom:
        case Whom(EscalationTarget.CHANNEL, int(number)):
            return (_channel_recipient(facts.channels[number], role, alert, facts),)
        case Whom(EscalationTarget.PERSON, int(number)):
            return (_user_recipient(facts.users.get(number), role, alert, facts),)
        case Whom(EscalationTarget.OWNER):
            return _owner_recipients(alert, domains, facts)
    level = _ON_CALL[whom.target]
    shifts = [shift for domain in domains for shift in facts.shifts.get((alert.site_id or 0, domain), ())]
    users = [shift.person.user_id for shift in shifts if shift.level == level and shift.person is not None]
    return tuple(_user_recipient(user_id, role, alert, facts) for user_id in dict.fromkeys(users))


def _owner_recipients(alert: Alert, domains: Collection[str], facts: _RouteFacts) -> tuple[Recipient, ...]:
    """The person who answers for the item now; the administrators for an alert of Muster itself."""
    if alert.site_id is None:
        users = facts.readers.administrators
        return tuple(_user_recipient(user_id, "administrator", alert, facts) for user_id in users)
    term = answering_cell(facts.cells.get(alert.site_id, UNOWNED), domains).current
    if term is None or (term.gone and not term.stands_in):
        return ()
    role = "acting deputy" if term.stands_in else "owner"
    return (_user_recipient(facts.users.get(term.answers_id or 0), role, alert, facts),)


def _channel_recipient(channel: Channel, role: str, alert: Alert, facts: _RouteFacts) -> Recipient:
    sees = facts.readers.reads(channel, alert, facts.site(alert))
    return Recipient(channel_id=channel.pk, role=role, lack=NotTold.NONE if sees else NotTold.NOT_VISIBLE)


def _user_recipient(user_id: int | None, role: str, alert: Alert, facts: _RouteFacts) -> Recipient:
    if user_id is None:
        return Recipient(role=role, lack=NotTold.NO_ACCOUNT)
    sees = facts.readers.sees(user_id, alert, facts.site(alert))
    return Recipient(user_id=user_id, role=role, lack=NotTold.NONE if sees else NotTold.NOT_VISIBLE)


def _subscribers(alert: Alert, facts: _RouteFacts) -> tuple[Recipient, ...]:
    """Users whose subscription agrees with the alert, once for each channel; no one who may not see it."""
    site = facts.site(alert)
    region_ids = facts.readers.region_ids(site)
    subscriptions = (
        each for each in facts.subscriptions if _agrees(each, alert, region_ids, facts.framework)
    )
    recipients = (
        Recipient(user_id=each.user_id, channel_id=each.channel_id, role=SUBSCRIBER)
        for each in subscriptions
        if facts.readers.sees(each.user_id, alert, site)
    )
    return tuple(dict.fromkeys(recipients))


def _agrees(each: Subscription, alert: Alert, region_ids: Collection[int], framework: Framework) -> bool:
    check = framework.checks_by_id.get(alert.check_id)
    return (
        AlertSeverity(alert.severity).rank <= AlertSeverity(each.severity).rank
        and each.site_id in (None, alert.site_id)
        and (each.region_id is None or each.region_id in region_ids)
        and each.check_id in ("", alert.check_id)
        and (not each.pillar or (check is not None and check.pillar == each.pillar))
    )
