"""Alerts reach the person on call by mail. Debian's Alertmanager sends alerts to Muster and takes them from it."""

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

import pytest

from tests.peers.conftest import SITE, answers
from tests.peers.crew import Member, add_route, add_stake, put_on_call
from tests.peers.muster import LIVE_S
from tests.peers.post import open_post
from tests.peers.running import eventually, free_port
from tests.readiness.loop.alerts.inbound import bodies
from tests.web.delivery.receivers import Receiver

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

CHECK, CHECK_NAME = "p5-telemetry-coverage", "Telemetry coverage"
MAIL_S, ESCALATES_MIN = 60, 1
# Judging all sites comes each minute; a busy machine takes some seconds more.
JUDGED_S, SLACK_S = LIVE_S + 60, 30


@pytest.fixture
def post():
    with open_post() as opened:
        yield opened


@pytest.fixture
def inbox_of_alertmanager():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def alertmanager_port():
    return free_port()


@pytest.fixture
def more_environment(post, alertmanager_port):
    return post.environment | {
        "MUSTER_DELIVERY_KEY": "a key for tests that is long enough",
        "MUSTER_DELIVERY_HOSTS": f"127.0.0.1:{alertmanager_port}",
        "MUSTER_BASE_URL": "http://muster.example.org",
    }


def flips_of_check(muster):
    """(state, instant on the monotonic clock) of the check, oldest first."""
    page = muster.get("/api/readiness/flips/", site=SITE, subject="check", key=CHECK, ordering="id", limit=50)
    drift_s = time.time() - time.monotonic()
    return [
        (flip["to_state"]["value"], datetime.fromisoformat(flip["at"]).timestamp() - drift_s)
        for flip in page["results"]
        if flip["key"] == CHECK and not flip.get("part")
    ]


def becomes(muster, state, *, within_s):
    """The instant at which the check flipped to the state, on the monotonic clock."""

    def look():
        flips = flips_of_check(muster)
        return flips[-1][1] if flips and flips[-1][0] == state else None

    return eventually(
        look, within_s=within_s, what=f"the check is {state}", last=lambda: flips_of_check(muster)
    )


def alert_of_check(muster):
    alerts = muster.get("/api/loop/alerts/", site=SITE, ordering="-id", limit=100)["results"]
    [alert] = [each for each in alerts if each["check_id"] == CHECK and each["ended_at"] is None]
    return alert


def is_quiet(post, *, seconds):
    return not post.letters or time.monotonic() - post.letters[-1].at_s > seconds


def test_an_exporter_dies_and_who_is_on_call_is_told(muster, prometheus, exporter, post, figures):
    ana, rui = Member(muster, "ana"), Member(muster, "rui")
    put_on_call(muster, SITE, ana, rui)
    add_route(muster, SITE, minutes=ESCALATES_MIN)
    add_stake(muster, SITE, now=datetime.now(UTC))
    muster.post(
        "/api/people/procedures/",
        {
            "kind": "runbook",
            "title": "An exporter does not answer",
            "slug": "exporter",
            "checks": [CHECK],
            "check_points": "Look at the node\nStart the exporter again",
            "reviewed_at": datetime.now(UTC).isoformat(),
        },
    )
    becomes(muster, "pass", within_s=JUDGED_S + SLACK_S)
    for member in (ana, rui):
        member.reads_mail(post)
    # What was open before is told by now, and the minute of that mail is over.
    eventually(lambda: is_quiet(post, seconds=65), within_s=200, what="no mail comes any more")

    # It dies: who is on call has one mail, and knows from it what to do.
    exporter.kill()
    died_s = becomes(muster, "fail", within_s=JUDGED_S + SLACK_S)
    [letter] = eventually(
        lambda: post.of(ana.address, since_s=died_s, words=CHECK_NAME),
        within_s=MAIL_S + SLACK_S,
        what="the mail is there",
        last=lambda: [letter.text for letter in post.letters],
    )
    figures.append(f"mail to who is on call {letter.at_s - died_s:.1f} s after the flip")
    assert letter.at_s - died_s <= MAIL_S
    for words in (
        "Porto",
        "What changed: It began",
        "Effect:",
        "workload class",
        "What to do: An exporter does not answer",
        "Start the exporter again",
        "Why you: Primary on call",
    ):
        assert words in letter.text, words

    # Nobody acknowledges: at its minute it goes on to the secondary, who does, on the page.
    [second] = eventually(
        lambda: post.of(rui.address, since_s=died_s, words=CHECK_NAME),
        within_s=60 * ESCALATES_MIN + SLACK_S,
        what="it escalates",
        last=lambda: [letter.text for letter in post.letters],
    )
    late_s = second.at_s - letter.at_s - 60 * ESCALATES_MIN
    figures.append(f"it escalated {late_s:.1f} s after its minute")
    assert -5 <= late_s <= SLACK_S
    assert "Why you: Secondary on call" in second.text
    alert = alert_of_check(muster)
    assert f"http://muster.example.org/alerts/{alert['id']}/" in second.text
    assert alert["standing"]["value"] == "escalating"
    assert "Acknowledge" in rui.page(f"/alerts/{alert['id']}/")
    rui.submit(f"/alerts/{alert['id']}/acknowledge/", hours=1, note="I am at the node.")
    acknowledged = muster.get(f"/api/loop/alerts/{alert['id']}/")
    assert acknowledged["standing"]["value"] == "acknowledged"
    assert acknowledged["acknowledged_by"]["id"] == rui.user_id

    # Healed: both are told once that it is over, and nothing calls them afterwards.
    exporter.start()
    healed_s = becomes(muster, "pass", within_s=JUDGED_S + SLACK_S)
    for member in (ana, rui):
        eventually(
            lambda member=member: post.of(member.address, since_s=healed_s, words="ENDED"),
            within_s=MAIL_S + SLACK_S,
            what=f"{member.username} is told that it is over",
            last=lambda: [letter.text for letter in post.letters],
        )
        of_check = [each for each in post.of(member.address, since_s=died_s) if CHECK_NAME in each.text]
        assert len(of_check) == 2, [each.text for each in of_check]
    events = [each["kind"]["value"] for each in muster.get(f"/api/loop/alerts/{alert['id']}/")["events"]]
    assert events == ["raised", "escalated", "acknowledged", "ended"]


CONFIG = """
route:
  receiver: muster
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - matchers: ['alertname =~ "muster_.*"']
      receiver: inbox
      group_by: [muster_key]
receivers:
  - name: muster
    webhook_configs:
      - url: {muster}/api/loop/inbound/alertmanager/
        http_config: {{authorization: {{credentials: {token}}}}}
  - name: inbox
    webhook_configs: [{{url: "{inbox}"}}]
"""


@pytest.fixture
def alertmanager(peer, programs, muster, alertmanager_port, inbox_of_alertmanager, tmp_path):
    """Sends what it is told to Muster, and what Muster tells it to an inbox of its own."""
    muster.add_site(SITE)
    sender = muster.post("/api/loop/inbound-senders/", {"name": "alertmanager", "kind": "alertmanager"})
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        CONFIG.format(muster=muster.url, token=sender["token"], inbox=inbox_of_alertmanager.url)
    )
    argv = [
        peer("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{alertmanager_port}",
        "--cluster.listen-address=",
    ]
    program = programs.start("alertmanager", argv, cwd=tmp_path)
    program.url, program.token = f"http://127.0.0.1:{alertmanager_port}", sender["token"]
    eventually(
        lambda: answers(f"{program.url}/-/ready"),
        within_s=30,
        what="Alertmanager is ready",
        last=program.said,
    )
    return program


def tell(alertmanager, **times):
    labels = {"alertname": "NodeDown", "site": SITE, "instance": "node-7", "severity": "critical"}
    body = [{"labels": labels, "annotations": {"summary": "node-7 is down"}, **times}]
    headers = {"Content-Type": "application/json"}
    request = Request(f"{alertmanager.url}/api/v2/alerts", data=json.dumps(body).encode(), headers=headers)
    with urlopen(request, timeout=10) as response:
        assert response.status == 200


def send(muster, body, token):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    with urlopen(
        Request(f"{muster.url}/api/loop/inbound/alertmanager/", data=body, headers=headers), timeout=10
    ) as response:
        assert response.status < 300


def told_of(inbox):
    """The alerts of other systems that Alertmanager sent to its own inbox, in their order."""
    bodies = [json.loads(request.body) for request in inbox.requests]
    return [body["status"] for body in bodies if body["commonLabels"]["alertname"] == "muster_inbound"]


def test_an_alert_of_alertmanager_opens_and_resolves_once(muster, alertmanager, inbox_of_alertmanager):
    channel = {"kind": "alertmanager", "name": "Alertmanager", "address": alertmanager.url}
    channel = muster.post("/api/loop/channels/", channel)
    probed = muster.post(f"/api/loop/channels/{channel['id']}/probe/", {})
    assert probed["outcome"] == "taken", probed
    subscription = {"site": {"slug": SITE}, "channel": channel["id"], "severity": "info"}
    muster.post("/api/loop/subscriptions/", subscription)

    def alerts():
        found = muster.get("/api/loop/alerts/", site=SITE, kind="inbound", ordering="id", limit=50)["results"]
        return [(alert["title"], alert["standing"]["value"]) for alert in found]

    began_at = datetime.now(UTC).isoformat()
    tell(alertmanager, startsAt=began_at)
    [(title, _standing)] = eventually(alerts, within_s=SLACK_S, what="it opens", last=alertmanager.said)
    assert "node-7" in title
    eventually(
        lambda: told_of(inbox_of_alertmanager) == ["firing"],
        within_s=60 + SLACK_S,
        what="Muster tells it on",
        last=lambda: told_of(inbox_of_alertmanager),
    )
    tell(alertmanager, startsAt=began_at, endsAt=datetime.now(UTC).isoformat())
    eventually(
        lambda: [standing for _title, standing in alerts()] == ["over"],
        within_s=SLACK_S,
        what="it resolves",
        last=alerts,
    )
    eventually(
        lambda: told_of(inbox_of_alertmanager) == ["firing", "resolved"],
        within_s=60 + SLACK_S,
        what="Muster tells its end",
        last=lambda: told_of(inbox_of_alertmanager),
    )
    # Told again, it is the same alert that is over, until it begins anew.
    tell(alertmanager, startsAt=began_at, endsAt=datetime.now(UTC).isoformat())
    time.sleep(5)
    assert [standing for _title, standing in alerts()] == ["over"]
    assert told_of(inbox_of_alertmanager) == ["firing", "resolved"]

    # The same in the words of 0.34, which Debian does not have: new fields, and the reasons of its later messages.
    def standings():
        return [standing for title, standing in alerts() if "LinkDown" in title]

    starts, ends = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=1)
    firing, resolved = (
        bodies.alert("LinkDown", fingerprint="b2", starts=starts, ends=ends_at) for ends_at in (None, ends)
    )
    for alert, reason, standing in (
        (firing, "first notification", "escalating"),
        (firing, "repeat interval elapsed", "escalating"),
        (resolved, "all alerts resolved", "over"),
        (resolved, "all alerts resolved", "over"),
        (firing, "repeat interval elapsed", "over"),
    ):
        body = bodies.alertmanager(alert, group='{}:{alertname="LinkDown"}', reason=reason)
        send(muster, body, alertmanager.token)
        eventually(
            lambda standing=standing: standings() == [standing],
            within_s=SLACK_S,
            what=f"after “{reason}” it is {standing}",
            last=alerts,
        )
    time.sleep(5)
    assert standings() == ["over"]
