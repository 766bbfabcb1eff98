"""Two who enter the same value at once: both are told yes, and one row is there."""

import threading

import pytest
from django.db import connection

from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors.operations import enter_factors, enter_latencies
from readiness.tradeoffs.models import LatencyFactor, SiteFactor
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.tradeoffs.conftest import entry, trip

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    start = threading.Barrier(len(jobs))
    done = [None] * len(jobs)

    def work(place, job):
        try:
            start.wait(timeout=60)
            done[place] = job()
        except Exception as error:
            done[place] = error
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=each) for each in enumerate(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    return done


def test_the_same_key_entered_by_two_is_one_row():
    made.site(slug="porto")
    UserRegion.objects.create(name="EMEA", slug="emea")

    def factor(value):
        return lambda: enter_factors(entries=[entry("pue", value)], by=None, now=NOW)

    def latency(value):
        entries = [trip(value, user_region="emea")]
        return lambda: enter_latencies(entries=entries, by=None, now=NOW)

    done = at_once(
        *(factor(1 + place / 10) for place in range(4)), *(latency(30 + place) for place in range(4))
    )
    assert [str(each) for each in done if isinstance(each, Exception)] == []
    assert (SiteFactor.objects.count(), LatencyFactor.objects.count()) == (1, 1)
    assert all(each.rows[0].pk for each in done)
