"""Measures what telling people costs while a region is lost: 10,000 problems of 500 sites within a minute.

The bars: everybody on call is told within 30 s, with three messages at most about one cause; each run, of
which one is due each three seconds, ends before the next; and nine times as many alerts take no more statements.
`python -m benchmarks.alerts 1000` does it with 1,000 problems. It ends with 1 if a bar is missed.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import machine

FLIPS, OF_EACH_SITE, SITES_OF_EACH_ROTATION = 10_000, 20, 50
EVERY, MINUTE = timedelta(seconds=3), timedelta(minutes=1)
TOLD_S, MOST_MESSAGES = 30.0, 3
DOMAIN = "compute"


def main(flips: int = FLIPS) -> None:
    with machine.servers() as servers:
        servers.set_up()
        began_at = datetime.now(UTC) - 30 * MINUTE
        sites = load(flips // OF_EACH_SITE, now=began_at)
        _run(began_at)
        few = [site for number, site in enumerate(sites) if number % SITES_OF_EACH_ROTATION == 0]
        many = [site for number, site in enumerate(sites) if 0 < number % SITES_OF_EACH_ROTATION < 10]
        statements = [
            _statements(few, began_at + 5 * MINUTE),
            _statements(many, began_at + 10 * MINUTE),
        ]
        _end_all(began_at + 15 * MINUTE)
        machine.vacuum()
        lost_at = began_at + 20 * MINUTE
        told_s, runs_s = _lose(sites, lost_at)
        is_met = _tell(flips, lost_at, told_s, runs_s, statements)
    if not is_met:
        raise SystemExit(1)


def load(count: int, *, now: datetime) -> list[Any]:
    """Sites of one region with something at stake, and who is on call for 50 of them each, with a mailbox."""
    from accounts.operations import create_user
    from inventory.models import Region, Site
    from readiness.demo.building import write
    from readiness.loop.problems.models import SiteProblems
    from readiness.organisation.people.models import Person, Rotation, RotationSite, Shift
    from web.delivery.models import Channel, ChannelKind

    region = Region.objects.create(name="Iberia", slug="iberia")
    sites = Site.objects.bulk_create(
        Site(
            name=f"Site {number:03}",
            slug=f"site-{number:03}",
            region=region,
            stage="production",
            country="PT",
        )
        for number in range(count)
    )
    SiteProblems.objects.bulk_create(SiteProblems(site=site, written_at=now, kw=400) for site in sites)
    for number in range(0, count, SITES_OF_EACH_ROTATION):
        rotation = Rotation(name=f"Rotation {number}", slug=f"rotation-{number}", domain=DOMAIN)
        users = [
            create_user(username=f"{level}-{number}", password=None, role="ops", by=None, now=now)
            for level in ("primary", "secondary")
        ]
        people = [Person(name=user.username.title(), user=user, user_confirmed_at=now) for user in users]
        span = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
        write(
            [rotation],
            people,
            [RotationSite(rotation=rotation, site=site) for site in sites[number : number + SITES_OF_EACH_ROTATION]],
            [Shift(rotation=rotation, level=level, person=person, origin="layer", **span)
             for level, person in enumerate(people, start=1)],
            [Channel(owner=user, kind=ChannelKind.MAILBOX, name="Mailbox", created_at=now, verified_at=now)
             for user in users],
        )  # fmt: skip
    return sites


def _lose(sites: Sequence[Any], began_at: datetime) -> tuple[dict[int, float], list[float]]:
    """The problems of a minute, written and followed every three seconds; then two minutes more. Returns how long each
    person waited for the first message, by channel, and how long each run took."""
    from web.delivery.models import Message

    steps = int(MINUTE / EVERY)
    each = -(-len(sites) // steps)
    first_flip: dict[int, datetime] = {}
    told_s: dict[int, float] = {}
    runs_s = []
    for step in range(3 * steps):
        at = began_at + step * EVERY
        batch = sites[step * each : (step + 1) * each]
        _break(batch, at - EVERY)
        for channel_id in _channels_of(batch):
            first_flip.setdefault(channel_id, at - EVERY)
        runs_s.append(machine.timed(lambda at=at: _run(at)))
        for channel_id in Message.objects.filter(created_at=at).values_list("channel_id", flat=True):
            if channel_id in first_flip:
                waited_s = (at - first_flip[channel_id]).total_seconds() + runs_s[-1]
                told_s.setdefault(channel_id, waited_s)
    return {channel_id: told_s.get(channel_id, float("inf")) for channel_id in first_flip}, runs_s


def _channels_of(sites: Sequence[Any]) -> list[int]:
    from readiness.organisation.people.models import Shift
    from web.delivery.models import Channel

    primaries = Shift.objects.filter(level=1, rotation__served__site__in=[site.pk for site in sites])
    return list(
        Channel.objects.filter(owner__person__in=primaries.values("person")).values_list("pk", flat=True)
    )


def _break(sites: Sequence[Any], at: datetime) -> None:
    """Each site has one critical problem of its health, and what follows from it, as the worker would store them."""
    from readiness.loop.problems.core.states import ProblemState, rank_of
    from readiness.loop.problems.models import Problem

    def problem(site: Any, number: int) -> Any:
        state = ProblemState.FAILING if number else ProblemState.CRITICAL
        return Problem(
            site=site, kind="health", key=f"{DOMAIN}:{number}", subject=DOMAIN, state=state,
            title=f"Power is lost ({number})", since=at, first_seen_at=at, last_seen_at=at, is_cause=not number,
            cause_kind="health", cause_key=f"{DOMAIN}:0", follow=0 if number else OF_EACH_SITE - 1,
            rank=rank_of(state, is_last_known=False), head_rank=0, head_title="",
        )  # fmt: skip

    Problem.objects.bulk_create(problem(site, number) for site in sites for number in range(OF_EACH_SITE))


def _end_all(at: datetime) -> None:
    from readiness.loop.problems.models import Problem

    Problem.objects.open().update(ended_at=at, ended_by="sample", position=None)
    _run(at)
    _run(at + 2 * MINUTE)


def _run(now: datetime) -> None:
    from readiness.loop.alerts.life.run import run
    from readiness.loop.problems.models import Problem
    from web import following

    following.number(Problem)
    run(now=now)


def _statements(sites: Sequence[Any], at: datetime) -> int:
    """Those of one run in which the problems of these sites are new."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    _break(sites, at)
    with CaptureQueriesContext(connection) as captured:
        _run(at)
    return len(captured)


def _tell(
    flips: int, lost_at: datetime, told_s: dict[int, float], runs_s: list[float], statements: list[int]
) -> bool:
    """Print what was measured; returns whether every bar is met."""
    from django.db.models import Count

    from readiness.loop.alerts.models import Alert, Notice
    from web.delivery.models import Message

    messages = Message.objects.filter(channel__in=told_s, created_at__gte=lost_at)
    numbers = messages.order_by().values("channel").annotate(number=Count("pk"))
    notices = Notice.objects.sent().filter(channel__in=told_s, sent_at__gte=lost_at)
    causes = notices.order_by().values("channel").annotate(number=Count("alert__group", distinct=True))
    followers = notices.filter(alert__cause__isnull=False).count()
    most, worst_s, run_s = (
        max((row["number"] for row in numbers), default=0),
        max(told_s.values()),
        max(runs_s),
    )
    most_causes = max((row["number"] for row in causes), default=0)
    few, many = statements
    standings = Alert.objects.open().order_by().values_list("standing").annotate(number=Count("pk"))
    print(f"{flips:,} problems within a minute: {len(told_s)} people on call, alerts {dict(standings)}")
    bars = {
        f"told after {worst_s:.1f} s at most; bar {TOLD_S:.0f} s": worst_s <= TOLD_S,
        f"{most} messages to one person at most; bar {MOST_MESSAGES}": most <= MOST_MESSAGES,
        f"{most_causes} causes told to one person, {followers} followers; bar 1 cause, 0 followers": (
            (most_causes, followers) == (1, 0)
        ),
        f"a run took {run_s:.2f} s at most; bar {EVERY.seconds} s": run_s <= EVERY.seconds,
        f"{few} statements, and {many} for nine times as many": many <= few,
    }
    for words, holds in bars.items():
        print(f"{words}: {machine.verdict(holds)}")
    print(f"last subject: {messages.latest('pk').subject}")
    return all(bars.values())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
