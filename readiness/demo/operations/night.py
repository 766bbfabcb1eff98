"""The night before the loading: two stories raise alerts, which somebody is told of, in mailboxes only, and takes on.

Muster's own operations write it, with the instants of that night. What a receiver answered is made up; so the one
channel that leads elsewhere is disabled by its answer, and nothing leaves Muster.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils.text import slugify

from accounts.models import RoleMembership, User
from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.demo.core.plan import book
from readiness.demo.core.shapes import utc
from readiness.demo.core.stories import HEAVY_SITE, XID_SITE, Stories
from readiness.demo.operations.made import DemoObjects
from readiness.loop.alerts.life import operations as alerts
from readiness.loop.alerts.life.steps import advance
from readiness.loop.alerts.models import Alert, Subscription
from readiness.loop.alerts.raising.problems import KINDS, present_of
from readiness.loop.alerts.raising.writing import write
from readiness.loop.alerts.silencing.operations import announce_window, begin_silence
from readiness.loop.alerts.silencing.turns import take_turns
from readiness.loop.alerts.telling.flush import flush
from readiness.loop.problems.models import Problem
from readiness.loop.problems.operations import write_claimed
from readiness.organisation.people.core.on_call import PRIMARY, SECONDARY
from readiness.organisation.people.models import Person, Shift
from web.delivery import claims, results
from web.delivery.channels.operations import add_channel
from web.delivery.models import Attempt, Channel, ChannelKind
from web.delivery.results import AttemptResult
from web.delivery.secrets import has_key
from web.delivery.senders import Answer, mailbox

USERNAME = "demo-{slug}"
LINKED_BEFORE = timedelta(days=400)
LINK = ("user", "user_confirmed_at", "requested_user", "requested_by", "requested_at")
ANSWERED_AFTER = timedelta(milliseconds=180)
AT_ONCE = 16
GONE = Answer(Attempt.Outcome.REFUSED, 410, "Gone: this bridge was switched off.", is_gone=True)


def write_night(
    sites: Mapping[str, Site],
    logins: Mapping[str, User],
    objects: DemoObjects,
    *,
    loaded_at: datetime,
    now: datetime,
) -> None:
    """Write what happened at the stories' sites, where these and the logins that act are there. `objects` gets the
    users of those who are on call."""
    ops, manager, admin = (logins.get(role) for role in ("ops", "manager", "admin"))
    words = book("night")
    write_claimed(now=now)
    if ops is None or manager is None or admin is None:
        return
    stories = Stories(loaded_at.timestamp())
    began_at = utc(stories.heavy_from) - timedelta(days=1)
    _link_rotations(objects, by=admin, now=began_at)
    demo_users = User.objects.filter(pk__in=objects.ids.get(User._meta.label, []))
    _give_mailboxes({*logins.values(), *demo_users}, now=began_at)
    _follow_all(ops, manager, words["bridge"], now=began_at)
    if site := sites.get(words["window"]["site"]):
        _announce(site, words["window"], by=manager, now=began_at)
    if site := sites.get(HEAVY_SITE):
        heavy_at = utc(stories.heavy_from) + timedelta(minutes=words["seen_after_min"])
        if alert := _raise(site, words["silence"]["domain"], now=heavy_at):
            _silence(alert, words["silence"], by=ops, now=heavy_at + timedelta(minutes=25), until=now)
    if site := sites.get(XID_SITE):
        xid_at = utc(stories.xid_from) + timedelta(minutes=words["seen_after_min"])
        on_call = _users_on_call(site, words["escalated"]["domain"], now=xid_at)
        if alert := _raise(site, words["escalated"]["domain"], now=xid_at):
            _escalate(alert, words["escalated"], by=on_call.get(SECONDARY, ops), now=xid_at)


def _give_mailboxes(users: Iterable[User], *, now: datetime) -> None:
    Channel.objects.bulk_create(
        Channel(owner=user, kind=ChannelKind.MAILBOX, name="Mailbox", created_at=now, verified_at=now)
        for user in users
    )


def _follow_all(ops: User, manager: User, bridge: Mapping[str, Any], *, now: datetime) -> None:
    """Ops is told of every alert, and so is a shared bridge, where secrets of channels can be stored."""
    Subscription.objects.create(user=ops)
    if not has_key():
        return
    channel, _secret = add_channel(
        kind=ChannelKind.WEBHOOK, name=bridge["name"], address=bridge["address"], is_shared=True, by=manager, now=now
    )  # fmt: skip
    # Nobody answers at its address, so no test confirms it.
    Channel.objects.filter(pk=channel.pk).update(verified_at=now)
    Subscription.objects.create(user=manager, channel=channel)


def _link_rotations(objects: DemoObjects, *, by: User, now: datetime) -> None:
    """Give a user to everybody in a rotation of the demo who has none, so that alerts can reach them. The links are
    requested and confirmed, as anybody's are, all at once."""
    linked_at = now - LINKED_BEFORE
    demo_people = Person.objects.filter(pk__in=objects.ids.get(Person._meta.label, []))
    in_rotations = demo_people.filter(user=None, left_at=None, turns__isnull=False)
    people = list(in_rotations.distinct().order_by("pk"))
    users = User.objects.bulk_create(_user(person, linked_at) for person in people)
    group = Group.objects.get(name="ops")
    RoleMembership.objects.bulk_create(RoleMembership(user=user, group=group) for user in users)
    for person, user in zip(people, users, strict=True):
        person.requested_user, person.requested_by, person.requested_at = user, by, linked_at
    Person.objects.bulk_update(people, LINK)
    for person, user in zip(people, users, strict=True):
        person.user, person.user_confirmed_at = user, linked_at
        person.requested_user = person.requested_by = person.requested_at = None
    Person.objects.bulk_update(people, LINK)
    objects.note(users)


def _user(person: Person, since: datetime) -> User:
    first, _, last = person.name.partition(" ")
    username = USERNAME.format(slug=slugify(person.name))
    user = User(username=username, first_name=first, last_name=last, date_joined=since)
    user.set_unusable_password()
    return user


def _users_on_call(site: Site, domain: str, *, now: datetime) -> dict[int, User]:
    """The users of those who are on call at the site, by level."""
    shifts = Shift.objects.current(now).filter(
        rotation__served__site=site, rotation__domain=domain, level__in=(PRIMARY, SECONDARY)
    )
    users = {}
    for shift in shifts.select_related("person__user").order_by("-level", "pk"):
        if shift.person is not None and shift.person.user is not None:
            users[shift.level] = shift.person.user
    return users


def _raise(site: Site, domain: str, *, now: datetime) -> Alert | None:
    """Raise the alert of the first problem of the site that is told at once, of these domains."""
    problems = Problem.objects.open().causes().filter(site=site, kind__in=KINDS).select_related("site")
    for present in present_of(list(problems.order_by("rank", "pk")), now=now):
        if present.is_raised and domain in (present.domain, *_domains(present.check_id)):
            write([present], endings={}, now=now)
            _tick(now)
            return Alert.objects.open().get(key=present.key)
    return None


def _domains(check_id: str) -> tuple[str, ...]:
    _version, framework = framework_queries.current()
    check = framework.checks_by_id.get(check_id)
    return tuple(check.domains) if check else ()


def _escalate(alert: Alert, words: Mapping[str, Any], *, by: User, now: datetime) -> None:
    """Nobody takes it on in time; then somebody does, and says so."""
    for minutes in words["ticks_min"]:
        _tick(now + timedelta(minutes=minutes))
    taken_at = now + timedelta(minutes=words["taken_after_min"])
    until = taken_at + timedelta(hours=words["taken_for_h"])
    alert.refresh_from_db()
    alerts.acknowledge(alert, until=until, note=words["note"], by=by, now=taken_at)
    alerts.link_incident(alert, url=words["incident"], by=by, now=taken_at)
    commented_at = taken_at + timedelta(minutes=words["comment_after_min"])
    alerts.comment(alert, text=words["comment"], by=by, now=commented_at)
    _tick(commented_at)


def _silence(alert: Alert, words: Mapping[str, Any], *, by: User, now: datetime, until: datetime) -> None:
    ends_at = until + timedelta(hours=words["for_h"])
    begin_silence(by=by, now=now, alert=alert, reason=words["reason"], ends_at=ends_at)
    _tick(now)


def _announce(site: Site, words: Mapping[str, Any], *, by: User, now: datetime) -> None:
    starts_at = now.replace(hour=words["hour"], minute=0, second=0, microsecond=0)
    announce_window(
        by=by,
        now=now,
        site=site,
        name=words["name"],
        reason=words["reason"],
        starts_at=starts_at,
        duration_min=words["duration_min"],
        rule=words["rule"],
        last_ends_at=starts_at + timedelta(days=words["for_days"]),
    )


def _tick(now: datetime) -> None:
    """One run of that night, and what receivers answered to its messages."""
    take_turns(now=now)
    while advance(began_at=None, now=now):
        pass
    flush(now=now)
    while messages := claims.claim(now=now, most=AT_ONCE, most_weak=AT_ONCE):
        answers = {
            message.pk: GONE
            if message.channel.kind == ChannelKind.WEBHOOK
            else mailbox.send(message, message.channel, now)
            for message in messages
        }
        results.record_all(
            [AttemptResult(message, now, now + ANSWERED_AFTER, answers[message.pk]) for message in messages]
        )
