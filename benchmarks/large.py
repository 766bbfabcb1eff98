"""Measures what the pages over all sites take at 1,000 sites with a year of history, and how large they are on the
wire.

The bars: 150 ms for the 95th percentile of a page, 80 ms for the evidence of one cell, 30 KiB for a page of the matrix
as brotli sends it, 100 ms until a tick of the road is drawn. `python -m benchmarks.large 100` does it with 100 sites.
"""

import http.client
import sys
from datetime import timedelta
from typing import Any

import brotli

from benchmarks import browser, machine, pages, thousand
from benchmarks.pages import PageRequest

PAGE_KIB = 30
PEOPLE = 60
# A verdict moves this often in the year, and each check once.
VERDICTS_A_YEAR = 12
HISTORY = (
    """INSERT INTO scoring_scorepoint (site_id, on_date, verdict, first_blocker, score, score_upper, coverage, pillars,
           counts, evaluated_at, framework_version_id)
       SELECT site_id, evaluated_at::date - day, verdict, first_blocker, score - day * 0.001, score_upper, coverage,
           pillars, counts, evaluated_at - day * interval '1 day', framework_version_id
       FROM scoring_sitescore, generate_series(1, 365) AS day ON CONFLICT DO NOTHING""",
    f"""INSERT INTO scoring_flip (site_id, subject, key, part, from_state, to_state, cause, unit, threshold_text,
           reason, at, framework_version_id)
       SELECT site_id, 'verdict', '', '', states[1 + number % 2], states[2 - number % 2], 'data', '', '', '',
           evaluated_at - (number * 365 / {VERDICTS_A_YEAR} + site_id % 17) * interval '1 day', framework_version_id
       FROM scoring_sitescore, generate_series(0, {VERDICTS_A_YEAR - 1}) AS number,
           (SELECT ARRAY['ready', 'not-ready'] AS states) AS moved""",
    # No two sites saw the same check change on the same day, so that the page does not compress better than a real one.
    """UPDATE scoring_checkresult SET since = since - (id * 7919 % 365) * interval '1 day'""",
    "VACUUM ANALYZE",
)


def main(count: int = thousand.SITES) -> None:
    with machine.servers() as servers:
        estate = thousand.load(servers, count=count)
        # A year behind every site: daily scores, verdicts that moved, states that began on different days.
        for statement in HISTORY:
            machine.vacuum(statement)
        # The reader of the pages proposes, too.
        cookie = machine.session()
        _own(estate)
        _write_loop(estate)
        port = servers.serve(hashed=True)
        pages.measure(servers, port, _asked(estate), cookie)
        _weigh(port, cookie)
        browser.measure_road(port, cookie)


def _asked(estate: Any) -> list[PageRequest]:
    from inventory.models import Site

    first = Site.objects.select_related("region").get(pk=estate.site_ids[0])
    return pages.page_requests("large", cell=f"{first.slug}.p2-power-headroom", region=first.region.slug)


def _write_loop(estate: Any) -> None:
    from accounts.models import User
    from benchmarks.estate.loop import write_loop

    write_loop(estate.site_ids, by=User.objects.earliest("pk"), now=estate.now)
    machine.vacuum()


def _own(estate: Any) -> None:
    """Sixty people answer for seven items of every site; one item in eleven has nobody."""
    from accounts.models import User
    from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item
    from readiness.organisation.ownership.models import Assignment
    from readiness.organisation.people.models import Person, Team
    from web import clock

    begun, by = clock.now() - timedelta(days=30), User.objects.earliest("pk")
    team = Team.objects.create(name="Fabric", slug="fabric")
    users = User.objects.bulk_create([User(username=f"person-{number}") for number in range(PEOPLE)])
    people = Person.objects.bulk_create(
        Person(name=f"Person {number}", user=user, user_confirmed_at=begun)
        for number, user in enumerate(users)
    )
    Assignment.objects.bulk_create(
        Assignment(
            site_id=site_id,
            item=item,
            accountable=people[(place + number) % PEOPLE],
            deputy=people[(place + number + 1) % PEOPLE],
            team=team,
            decision_rights="May stop any placement.",
            escalation="Call the NOC.",
            state=Assignment.State.ACCEPTED,
            effective_at=begun,
            proposed_by=by,
            proposed_at=begun,
            answered_at=begun,
            answered_by=by,
            confirmed_at=begun,
            due_at=begun + CONFIRM_EVERY,
        )
        for place, site_id in enumerate(estate.site_ids)
        for number, item in enumerate(Item)
        if (place * len(Item) + number) % 11
    )


def _weigh(port: int, cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in ("/readiness/", "/readiness/?state=unknown&state=stale&state=fail"):
        body = machine.get(connection, path, {"Cookie": cookie})
        kib = len(brotli.compress(body, quality=5)) / 1024
        verdict = machine.verdict(kib <= PAGE_KIB)
        print(f"{path}: {len(body) / 1024:.0f} KiB, {kib:.1f} as brotli sends it; bar {PAGE_KIB}: {verdict}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else thousand.SITES)
