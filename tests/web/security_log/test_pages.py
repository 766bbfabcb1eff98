"""The page and the endpoint of the security log, for administrators."""

import json
from datetime import timedelta

import pytest

from accounts.models import User
from accounts.operations import create_token
from tests.conftest import NOW
from tests.inventory import made
from tests.pages import rows_of, text_of, words_of
from tests.web.security_log.forging import verify
from web.actor import acting
from web.security_log import chaining, heads
from web.security_log.models import SecurityEvent
from web.security_log.recording import record

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action
URL, API = "/settings/security-log/", "/api/security-log/"


@pytest.fixture(autouse=True)
def _clock(frozen_now):
    return frozen_now


def refuse(count=1, **values):
    for number in range(count):
        record(ACTION.REFUSED, place=f"/sites/{number}/", **values, now=NOW)


def test_only_administrators_see_it(client_of):
    for role in ("viewer", "ops", "planner", "manager"):
        assert client_of(role).get(URL).status_code == 403
        assert client_of(role).get(API).status_code == 403
        assert URL not in text_of(client_of(role).get("/settings/"))
    assert URL in text_of(client_of("admin").get("/settings/"))


def test_the_page_lists_events_and_says_that_they_are_chained(client_of, ops):
    refuse(actor_id=ops.pk, address="192.0.2.1")
    chaining.chain(now=NOW - timedelta(minutes=3))
    words = words_of(client_of("admin").get(f"{URL}?action=refused"))
    assert "Refused: no permission" in words
    assert "192.0.2.1" in words
    assert "3 min ago" in words
    assert "agree" in words


def test_a_log_that_was_cut_is_told(client_of, ops):
    refuse()
    chaining.chain(now=NOW)
    line = json.loads(heads.path().read_text())
    heads.path().write_text(json.dumps(line | {"batch": 9}) + "\n")
    assert "end was cut" in words_of(client_of("admin").get(URL))


@pytest.mark.parametrize("number", [1, 60])
def test_the_page_takes_the_same_statements_for_any_number_of_events(
    client_of, django_assert_max_num_queries, number
):
    refuse(number)
    client = client_of("admin")
    with django_assert_max_num_queries(12):
        client.get(URL)


def test_events_are_taken_as_csv_and_as_lines_of_json(client_of, ops):
    refuse(2, actor_id=ops.pk, detail={"method": "GET"})
    client = client_of("admin")
    rows = rows_of(client.get(f"{URL}?action=refused&export=csv"))
    assert [(row["Event"], row["Who acted"], row["Detail"]) for row in rows] == [
        ("refused", "ops", '{"method": "GET"}')
    ] * 2
    lines = text_of(client.get(f"{URL}?action=refused&export=jsonl")).splitlines()
    taken_events = [json.loads(line) for line in lines]
    assert [(each["action"], each["detail"]) for each in taken_events] == [("refused", {"method": "GET"})] * 2
    assert "export=jsonl" in text_of(client.get(URL))


def test_alike_events_of_one_command_are_one_line_that_opens(client_of, admin, user_of):
    with acting("demo"):
        accounts = [user_of("ops", username=f"program-{number}") for number in range(4)]
        for account in accounts:
            create_token(user=account, name="script", by=None, now=NOW)
    chaining.chain(now=NOW)
    client = client_of("admin")
    [line] = [row for row in client.get(URL).context["table"].rows if row.object.action == "token-made"]
    assert line.object.alike == 3
    [cell] = [cell for cell in line.cells if cell.column.key == "alike"]
    assert (cell.text, cell.url) == ("+ 3", f"?lead={line.id}")
    opened_rows = client.get(f"{URL}{cell.url}").context["table"].rows
    assert {row.object.account for row in opened_rows} == set(accounts)
    assert len(rows_of(client.get(f"{URL}?export=csv"))) == SecurityEvent.objects.count()
    assert verify()[1] == []


def test_filters_are_by_account_time_and_action(client_of, ops, viewer):
    refuse(actor_id=ops.pk)
    record(ACTION.SIGNED_OUT, actor_id=viewer.pk, now=NOW - timedelta(days=2))
    client = client_of("admin")

    def actions(query):
        return {row["action"] for row in json.loads(text_of(client.get(f"{URL}?{query}&export=json")))}

    assert actions(f"actor_id={ops.pk}") >= {"refused"}
    assert actions(f"actor_id={viewer.pk}") >= {"signed-out"}
    assert actions("action=signed-out") == {"signed-out"}
    assert actions("last_at__lt=2026-11-23T16:00:00Z&action=signed-out") == {"signed-out"}
    assert actions("last_at__gte=2026-11-23T16:00:00Z&action=signed-out") == set()


def test_a_program_collects_events_by_their_ids(api_of, ops):
    refuse(3, actor_id=ops.pk)
    chaining.chain(now=NOW)
    api = api_of("admin")
    first = api.get(API, {"action": "refused", "after": 0, "limit": 2}).json()
    rest = api.get(first["next"]).json()
    places = [row["place"] for row in [*first["results"], *rest["results"]]]
    assert places == ["/sites/0/", "/sites/1/", "/sites/2/"]
    assert {row["batch"] for row in first["results"]} == {1}
    refuse(1, actor_id=ops.pk)
    assert api.get(API, {"action": "refused", "ordering": "-id"}).json()["results"][0]["batch"] is None


def test_a_program_collects_whole_batches(api_of):
    for _ in range(3):
        refuse(2)
        chaining.chain(now=NOW)
    refuse(1)
    api = api_of("admin")
    [newest] = api.get(API, {"number__gte": 0, "ordering": "-batch", "limit": 1}).json()["results"]
    assert newest["batch"] == 3
    rows = api.get(API, {"number__gt": 1, "number__lte": 3, "after": 0, "action": "refused"}).json()[
        "results"
    ]
    assert [row["batch"] for row in rows] == [2, 2, 3, 3]


def test_an_account_that_is_deleted_keeps_its_id(client_of, user_of):
    account = user_of("ops")
    refuse(actor_id=account.pk)
    User.objects.filter(pk=account.pk).delete()
    assert f"deleted account {account.pk}" in words_of(client_of("admin").get(f"{URL}?action=refused"))


def test_an_administrator_of_some_sites_sees_none(user_of, client_of):
    porto = made.site(slug="porto")
    user_of("admin", username="chief")
    user_of("admin", scopes=[("site", porto.slug)])
    refuse()
    page = client_of("admin").get(URL)
    assert page.context["table"].rows == []
    assert "empty for you" in words_of(page)


def test_an_erased_person_loses_the_addresses(client_of, admin, user_of):
    from readiness.organisation.people import operations
    from readiness.organisation.people.models import Person

    account = user_of("ops")
    person = Person.objects.create(name="Otto Ops", user=account, user_confirmed_at=NOW)
    refuse(actor_id=account.pk, address="192.0.2.1")
    operations.erase_person(person, by=admin, now=NOW)
    assert not SecurityEvent.objects.filter(actor=account).exclude(address="").exists()
    assert SecurityEvent.objects.filter(action=ACTION.ADDRESSES_ERASED, account=account).exists()
    assert "person-" in text_of(client_of("admin").get(f"{URL}?actor_id={account.pk}"))
