"""A site with a source, a sender that speaks real remote write, and what became of what it sent."""

from datetime import timedelta

import pytest

from telemetry import operations
from telemetry.models import Series
from tests.inventory import made
from tests.telemetry.packed import SERIES
from tests.telemetry.sending import Sender, empty_store


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def source_of(db, frozen_now):
    """`source_of(site)` is a new source of a site; further arguments are those of `create_source`."""

    def make(site=None, **given):
        given.setdefault("name", f"prometheus {made.next_number()}")
        source, plain = operations.create_source(site=site, by=None, now=frozen_now.at, **given)
        source.plain_token = plain
        return source

    return make


@pytest.fixture
def sender(source_of, porto, frozen_now):
    """Sends to Porto's source: `sender.send({"up": 1})`, `sender.post(body)`."""
    return Sender(source_of(porto, name="porto prometheus"), frozen_now)


@pytest.fixture
def sender_of(source_of, frozen_now):
    def make(site=None, **given):
        return Sender(source_of(site, **given), frozen_now)

    return make


@pytest.fixture
def now(frozen_now, source_of, porto):
    """Before any sample was sent; the series of two sources are there."""
    sources = source_of(porto), source_of(porto)
    Series.objects.bulk_create(
        Series(
            pk=number, source=sources[number % 2], metric="value", labels={"n": str(number)}, kind="gauge",
            digest=str(number).encode().ljust(16), first_seen_at=frozen_now.at,
        )
        for number in SERIES
    )  # fmt: skip
    return frozen_now.at


@pytest.fixture
def emptied_samples(transactional_db):
    """For tests that commit: Django's own clean-up does not know the tables that only SQL touches."""
    yield
    empty_store()


@pytest.fixture
def minutes():
    return lambda count: timedelta(minutes=count)
