"""Measures what people cost at 1,000 sites and 5,000 people: the pages of coverage, on-call duty, shifts ahead and the
gap, and the facts of people in one minute's evaluation of every site.

The bar: 150 ms for the 95th percentile of each. The first reading after a change, which keeps nothing, is told beside
it without a bar. `python -m benchmarks.people 100 500` does it with 100 sites and 500 people.
"""

import statistics
import sys
from datetime import UTC, datetime, timedelta

from benchmarks import machine, pages

SITES, PEOPLE = 1_000, 5_000
MINUTES = 40
BAR_MS = 150


def main(sites: int = SITES, people: int = PEOPLE) -> None:
    with machine.servers() as servers:
        servers.set_up()
        from benchmarks.estate import build
        from benchmarks.estate.people import write_people

        estate = build(count=sites, now=datetime.now(UTC))
        write_people(estate.site_ids, count=people, now=estate.now)
        machine.vacuum()
        _evaluated(estate.site_ids, estate.now)
        cookie = machine.session()
        port = servers.serve(hashed=True)
        pages.measure(servers, port, pages.page_requests("people"), cookie)


def _evaluated(site_ids: list[int], now: datetime) -> None:
    """Facts of every site at one minute after the other, as the evaluation asks for them."""
    from inventory.queries import site_facts
    from readiness.organisation.people.facts import people_facts
    from web.scopes import everything

    with everything():
        sites = {site.id: site for site in site_facts(site_ids)}
        first = machine.timed(lambda: people_facts(sites, now=now))
        times = [
            machine.timed(lambda at=now + timedelta(minutes=minute): people_facts(sites, now=at))
            for minute in range(1, MINUTES + 1)
        ]
    p95 = 1000 * statistics.quantiles(times, n=20)[-1]
    print(
        f"facts of people of {len(sites)} sites: first {1000 * first:.0f} ms, then p50"
        f" {1000 * statistics.median(times):.0f} ms, p95 {p95:.0f} ms; bar {BAR_MS}: {machine.verdict(p95 <= BAR_MS)}",
        flush=True,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
