"""What the timeline shows of whom, to whom, page by page and as a file."""

from datetime import timedelta

import pytest
from django.utils import timezone

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import Flip
from readiness.boards.events.marks import EventKind
from readiness.boards.timeline.queries import TimelineQuery, timeline
from tests.inventory import made
from tests.pages import rows_of, statements, words_of
from web.actor import acting

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def flip(frozen_now):
    """`flip(site, minutes_ago)` is a change of the site's check."""
    version, _framework = framework_queries.current()

    def make(site, ago, count=1, **columns):
        of_check = {"subject": "check", "key": "p5-fabric-health", "from_state": "pass", "to_state": "fail"}
        Flip.objects.bulk_create(
            Flip(site=site, at=frozen_now.at - ago * MINUTE, framework_version=version, cause="data",
                 **of_check | columns)
            for _ in range(count)
        )  # fmt: skip

    return make


def test_it_shows_what_happened_where_in_the_order_of_time(flip, client_of, frozen_now):
    porto, lagos = made.site(name="Porto", slug="porto"), made.site(name="Lagos", slug="lagos")
    flip(porto, 5)
    flip(lagos, 3, subject="verdict", key="", from_state="ready", to_state="not-ready")
    device = made.device(site=porto, name="node-7")
    client = client_of("viewer")
    kinds = [row["kind"] for row in rows_of(client.get("/timeline/?export=csv&kind=verdict,check"))]
    assert kinds == ["verdict", "check"]
    [at_porto] = rows_of(client.get("/timeline/?export=csv&kind=verdict,check&site=porto"))
    assert (at_porto["site"], at_porto["url"]) == ("porto", "/sites/porto/checks/p5-fabric-health/")
    page = words_of(client.get(f"/timeline/?object=device:{device.pk}"))
    assert "What happened to node-7" in page
    api = client.get("/api/loop/timeline/?check=p5-fabric-health").json()
    assert [event["kind"] for event in api["results"]] == ["check"]
    for wrong in (
        "kind=nonsense",
        "object=nobody:1",
        "site=nowhere",
        "skip=x&from=now",
        "start=now&end=now-1d",
    ):
        assert client.get(f"/timeline/?{wrong}").status_code == 400


def test_a_thousand_changes_of_one_instant_are_read_page_by_page(flip, client_of):
    site = made.site(name="Porto", slug="porto")
    flip(site, 5, count=130)
    client, sizes = client_of("viewer"), []
    address = "http://testserver/api/loop/timeline/?kind=check"
    while address:
        body = client.get(address).json()
        sizes.append(len(body["results"]))
        address = body["next"]
    assert sum(sizes) == 130
    assert len(sizes) == 3


def test_many_entries_cost_as_many_statements_as_few(flip, client_of):
    site, client = made.site(name="Porto", slug="porto"), client_of("viewer")
    flip(site, 5)
    few = statements(client, "/timeline/")
    for number in range(24):
        flip(made.site(), number + 6, count=3)
    assert statements(client, "/timeline/") <= few <= 60


def test_what_was_written_together_is_one_line_whatever_the_page(user_of, frozen_now):
    site, by = made.site(name="Porto", slug="porto"), user_of("admin")
    with acting(by, message="Add a rack"):
        made.device(site=site, name="first")
    with acting("demo", message="Load the demo fleet"):
        for _ in range(6):
            made.device(site=site)
    with acting(by, message="Add a rack"):
        made.device(site=site, name="last")
    at = timezone.now()
    query = TimelineQuery(
        start=at - 9 * MINUTE, end=at + 9 * MINUTE, user=by, site=site, kinds=[EventKind.CHANGE]
    )
    events, begin = [], None
    while begin is not None or not events:
        page = timeline(query, begin, limit=1)
        events += page.events
        begin = page.older
    assert [event.title for event in events] == [
        "Device last created",
        "Load the demo fleet: 6 changes",
        "Device first created",
        "Site Porto created",
    ]
    assert "/history/?message=Load+the+demo+fleet" in events[1].url
    assert events[1].url.endswith("&site=porto&single=yes")
    assert [event.site_id for event in events] == [site.pk, None, site.pk, site.pk]
