"""Digests: what they hold for whom, that the page, the PDF and the mail say the same, and that each leaves once."""

import io
import re
from datetime import timedelta
from html import unescape
from itertools import count

import pypdf
import pytest

from accounts.models import AccessScope, User
from readiness.boards.digests import operations
from readiness.boards.digests.operations import send_due
from readiness.loop.alerts.models import Alert, AlertPreferences
from readiness.loop.alerts.telling.operations import set_preferences
from tests.conftest import NOW, make_user
from tests.inventory import made
from tests.pages import statements, words_of
from tests.readiness.assessment.scoring import stored
from tests.web.delivery import made as delivery
from web.delivery.models import Message

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# NOW is a Tuesday, 16:00 UTC.
MONDAY_AT_SEVEN = NOW + 6 * DAY - 9 * HOUR
TUESDAY_AT_SEVEN = NOW - 9 * HOUR
_numbers = count(1)


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto")


def alert(site, title="A pump stands still", *, at=NOW - HOUR, **columns):
    number = next(_numbers)
    usual = {
        "key": f"problem:{number}",
        "kind": "health",
        "group": f"group {number}",
        "severity": "critical",
        "rank": 0,
        "title": title,
        "began_at": at,
        "raised_at": at,
        "standing": "over" if "ended_at" in columns else "escalating",
        "standing_since": at,
        "escalating_since": at,
    }
    if "ended_at" in columns:
        columns.setdefault("ended_by", "evidence")
    return Alert.objects.create(site=site, **{**usual, **columns})


def reader(role="ops", *, time_zone="UTC", **columns):
    """A user with a channel for mail, who gets digests."""
    user = make_user(role, **columns)
    User.objects.filter(pk=user.pk).update(time_zone=time_zone)
    delivery.channel(user, kind="mail", address=f"{user.username}@example.com", verified_at=NOW - 30 * DAY)
    return user


def page(client_of, query="", role="ops"):
    return words_of(client_of(role).get(f"/digests/?{query}"))


class TestContents:
    def test_what_broke_what_stands_and_what_ended(self, porto, client_of, frozen_now):
        alert(porto, "Pump 1 stands still")
        alert(porto, "Pump 2 stands still", ended_at=NOW - HOUR / 2)
        alert(porto, "Fan 3 is loud", at=NOW - 3 * DAY, severity="error", rank=1)
        alert(porto, "Fan 4 is loud", at=NOW - 3 * DAY, ended_at=NOW - 2 * DAY)
        words = page(client_of)
        broke, still = words.index("What broke"), words.index("Still open from before")
        for title, place in (
            ("Pump 1 stands still", broke),
            ("Pump 2 stands still", broke),
            ("Fan 3 is loud", still),
        ):
            assert words.index(title) > place
        assert words.index("Pump 2 stands still") < still
        assert "Fan 4" not in words
        assert "Began 2 alerts at 1 site Ended 1 alert Open now 2 open (1 critical, 1 error)" in words
        assert "Fan 4 is loud" in page(client_of, "cadence=weekly")

    def test_what_follows_from_another_alert_is_only_counted(self, porto, client_of, frozen_now):
        cause = alert(porto, "A bus bar is out")
        alert(porto, "A rack is dark", cause=cause, cause_key=cause.key, standing="muted")
        alert(porto, "A pump was dark", cause_key=cause.key, ended_at=NOW - HOUR / 2)
        words = page(client_of)
        assert "A bus bar is out" in words
        assert "dark" not in words
        assert "Began 3 alerts at 1 site, 2 of them with their cause" in words

    def test_a_child_whose_cause_is_over_is_listed(self, porto, client_of, frozen_now):
        cause = alert(porto, "A bus bar is out", ended_at=NOW - HOUR / 2)
        alert(porto, "A rack is dark", cause_key=cause.key)
        assert "A rack is dark" in page(client_of)

    def test_dates_have_sections_of_their_own(self, porto, client_of, frozen_now):
        alert(porto, "2 qualifications end", kind="qualification", due_at=NOW + 3 * DAY, severity="info")
        alert(porto, "Energy: 1 shift is short", kind="shift", due_at=NOW + DAY)
        words = page(client_of)
        assert words.index("Qualification ends: 2 qualifications end") > words.index("Expires soon")
        assert words.index("Energy: 1 shift is short") > words.index("Short shifts")
        assert "Began 0 alerts" in words

    def test_the_gap_and_what_closed_it(self, client_of, frozen_now):
        lagos = stored.site("not-ready", name="Lagos", slug="lagos", kw=1000.0)
        stored.flip(lagos, "verdict", "", "ready", at=NOW - DAY, reason="p2-backup-power passes")
        lagos.score.verdict = "ready"
        lagos.score.save()
        words = page(client_of, "cadence=weekly", role="planner")
        assert "0 kW, 1.0 MW less than before" in words
        assert "Lagos −1.0 MW Not ready Ready" in words
        assert "passes" in words
        assert "Capacity gap" not in page(client_of)

    def test_of_one_site(self, porto, client_of, frozen_now):
        alert(porto, "Pump 1 stands still")
        alert(made.site(name="Lagos", slug="lagos"), "Fan 3 is loud")
        words = page(client_of, "site=lagos")
        assert "Daily digest: Lagos" in words
        assert "Fan 3 is loud" in words
        assert "Pump 1" not in words
        assert client_of("ops").get("/digests/?site=nowhere").status_code == 400
        assert client_of("ops").get("/digests/?cadence=yearly").status_code == 400

    def test_its_links_lead_to_pages(self, porto, client_of, frozen_now):
        alert(porto)
        alert(porto, kind="shift", due_at=NOW + DAY, url="/people/oncall/ahead/")
        client = client_of("manager")
        body = client.get("/digests/?cadence=weekly&site=porto").content.decode()
        content = body[body.index('<div class="pack">') :]
        content = content[: content.index("</main>")]
        links = {unescape(url) for url in re.findall(r'<a [^>]*href="([^"]+)"', content)}
        assert len(links) > 6
        assert {url for url in links if client.get(url).status_code != 200} == set()

    def test_the_same_as_pdf(self, porto, client_of, frozen_now):
        alert(porto, "Pump 1 stands still")
        answer = client_of("ops").get("/digests/digest.pdf?cadence=weekly&site=porto")
        assert answer["Content-Disposition"] == 'attachment; filename="porto-weekly-digest.pdf"'
        text = "".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
        assert "Pump 1 stands still" in " ".join(text.split())

    def test_it_costs_the_same_with_a_thousand_alerts(self, porto, client_of, frozen_now):
        alert(porto)
        alert(porto, kind="waiver", due_at=NOW + DAY)
        client = client_of("manager")
        few = statements(client, "/digests/?cadence=weekly")
        first = Alert.objects.values_list("pk", flat=True)
        for columns in ({}, {"kind": "waiver", "due_at": NOW + DAY}, {"at": NOW - 9 * DAY}):
            for _ in range(40):
                alert(porto, acknowledged_by=None, **columns)
        assert len(first) > 100
        assert statements(client, "/digests/?cadence=weekly") == few <= 30


class TestNames:
    def test_readers_without_names_see_none(self, porto, client_of, frozen_now):
        until = {"acknowledged_at": NOW - HOUR, "acknowledged_until": NOW + HOUR}
        alert(porto, standing="acknowledged", acknowledged_by=make_user("ops", username="ana"), **until)
        assert "somebody, acknowledged" in page(client_of, role="viewer")
        assert "ana, acknowledged" in page(client_of, role="manager")

    def test_a_mail_obeys_scope_and_names_of_its_reader(self, porto):
        lagos = made.site(name="Lagos", slug="lagos")
        user = reader("viewer")
        AccessScope.objects.create(user=user, kind="site", slug="porto")
        set_preferences(by=user, now=NOW, daily_digest=True)
        until = {"acknowledged_at": NOW - 10 * HOUR, "acknowledged_until": NOW + HOUR}
        ana = make_user("ops", username="ana")
        alert(porto, "Pump 1", at=NOW - 10 * HOUR, standing="acknowledged", acknowledged_by=ana, **until)
        alert(lagos, "Fan 3", at=NOW - 10 * HOUR)
        assert send_due(now=TUESDAY_AT_SEVEN) == 1
        message = Message.objects.get()
        for text in (message.text, message.html):
            assert "Pump 1" in text
            assert "somebody, acknowledged" in text
            assert not {"Fan 3", "Lagos", "ana"} & set(text.replace(",", " ").split())


class TestSending:
    def test_ops_daily_and_planners_and_managers_on_mondays(self):
        ops, manager, planner, _viewer = (
            reader("ops"),
            reader("manager"),
            reader("planner"),
            reader("viewer"),
        )
        assert send_due(now=TUESDAY_AT_SEVEN) == 1
        assert send_due(now=MONDAY_AT_SEVEN) == 3
        assert sorted(Message.objects.values_list("channel__owner", "event")) == [
            (ops.pk, "digest.daily"),
            (ops.pk, "digest.daily"),
            (manager.pk, "digest.weekly"),
            (planner.pk, "digest.weekly"),
        ]

    def test_once_however_often_the_job_runs(self):
        reader()
        sent = [send_due(now=TUESDAY_AT_SEVEN + minutes * HOUR / 60) for minutes in (-1, 0, 1, 30, 400)]
        assert sent == [0, 1, 0, 0, 0]

    def test_those_that_cannot_be_written_take_nobodys_place(self, monkeypatch):
        """The others would wait for them each minute, for ever."""
        monkeypatch.setattr(operations, "MOST_AT_ONCE", 1)
        broken, whole = reader(username="ana"), reader(username="bo")
        write = operations.draft_of

        def draft_of(due):
            if due.reader.pk == broken.pk:
                raise RuntimeError("nothing can be written")
            return write(due)

        monkeypatch.setattr(operations, "draft_of", draft_of)
        assert [send_due(now=TUESDAY_AT_SEVEN) for _run in range(2)] == [1, 0]
        assert Message.objects.get().channel.owner == whole

    def test_at_seven_where_the_reader_is(self):
        reader(time_zone="Asia/Tokyo")
        assert send_due(now=TUESDAY_AT_SEVEN) == 0
        assert send_due(now=TUESDAY_AT_SEVEN + 15 * HOUR) == 1
        assert "Wednesday" not in Message.objects.get().subject
        assert "25 Nov 2026" in Message.objects.get().subject

    def test_as_chosen(self):
        user = reader()
        set_preferences(by=user, now=NOW, daily_digest=False, weekly_digest=True)
        assert send_due(now=TUESDAY_AT_SEVEN) == 0
        assert send_due(now=MONDAY_AT_SEVEN) == 1
        assert Message.objects.get().event == "digest.weekly"

    def test_quiet_hours_hold_it(self):
        user = reader()
        AlertPreferences.objects.create(user=user, quiet_from="22:00", quiet_until="08:30")
        send_due(now=TUESDAY_AT_SEVEN)
        assert Message.objects.get().next_at == TUESDAY_AT_SEVEN + 1.5 * HOUR

    def test_not_to_whoever_has_no_channel_for_it(self):
        user = make_user("ops")
        delivery.channel(user, kind="mail", address="a@example.com", verified_at=None)
        delivery.channel(user, kind="mail", address="b@example.com", verified_at=NOW, only_urgent=True)
        delivery.channel(user, kind="mail", address="c@example.com", verified_at=TUESDAY_AT_SEVEN + HOUR)
        assert send_due(now=TUESDAY_AT_SEVEN + 2 * HOUR) == 0

    def test_links_lead_to_the_installation(self, porto, settings):
        reader()
        pump = alert(porto, "Pump 1", at=NOW - 10 * HOUR)
        settings.BASE_URL = "https://muster.example.com"
        send_due(now=TUESDAY_AT_SEVEN)
        message = Message.objects.get()
        assert f'href="https://muster.example.com/alerts/{pump.pk}/"' in message.html
        assert "https://muster.example.com/digests/?cadence=daily" in message.text
