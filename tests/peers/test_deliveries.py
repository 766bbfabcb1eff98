"""Messages on their way while processes are killed: none is lost, and a receiver that keeps ids takes each once."""

import time
from collections import defaultdict

import pytest

from tests.peers.running import eventually
from tests.peers.standing import standing as standing_muster
from tests.web.delivery.receivers import Receiver

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

# So many are said before each kill: a slow machine is longer about one than a receiver is about all of them.
AT_A_TIME, ANSWER_S = 25, 0.2
# What a courier was sending when it died is sent again when its lease of a minute has ended.
ALL_SENT_S = 240
# As whatever has something to say does it: a row for each message, committed together.
SAY = """
from django.utils import timezone
from web.delivery.models import Channel
from web.delivery.outbox import Draft, send
send([
    Draft(channel_id=channel.pk, key=f"drill-{{channel.pk}}-{{number}}", event="drill", subject="Drill",
          text=f"Message {{number}}", order_key=f"drill-{{channel.pk}}")
    for channel in Channel.objects.filter(kind="webhook") for number in range({first}, {end})
], now=timezone.now())
"""


class Keeper(Receiver):
    """Takes its time, and keeps the ids of what it was sent."""

    def __init__(self):
        def answer(handler):
            time.sleep(ANSWER_S)
            handler.send_response(200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        super().__init__(answer=answer)

    def bodies(self):
        """The bodies that arrived during a drill, by the id of their message."""
        bodies = defaultdict(list)
        for request in list(self.requests):
            if (message_id := request.headers["webhook-id"]).startswith("drill"):
                bodies[message_id].append(request.body)
        return bodies


@pytest.fixture(scope="module")
def keepers():
    with Keeper() as first, Keeper() as second:
        yield first, second


@pytest.fixture(scope="module")
def standing(keepers):
    hosts = ",".join(receiver.netloc for receiver in keepers)
    with standing_muster(MUSTER_DELIVERY_HOSTS=hosts) as running:
        yield running


def test_nothing_is_lost_and_nothing_taken_twice_whatever_is_killed(standing, keepers, figures):
    muster = standing.muster
    for number, keeper in enumerate(keepers):
        channel = {"kind": "webhook", "name": f"Keeper {number}", "address": keeper.url}
        channel = muster.post("/api/loop/channels/", channel)
        probed = muster.post(f"/api/loop/channels/{channel['id']}/probe/", {})
        assert probed["outcome"] == "taken", probed
    messages = 0

    def say_more():
        nonlocal messages
        messages, first = messages + AT_A_TIME, messages
        muster.manage("shell", "--command", SAY.format(first=first, end=messages))

    def goes_on(after):
        counts = [len(keeper.bodies()) for keeper in keepers]
        # However many of the messages from before have arrived already.
        say_more()
        eventually(
            lambda: all(len(keeper.bodies()) > count for keeper, count in zip(keepers, counts, strict=True)),
            within_s=120,
            what=f"messages arrive after {after}",
            last=muster._logs,
        )

    goes_on("the start")
    for name in ("worker", "beat", "web"):
        say_more()
        muster.kill(name)
        goes_on(f"{name} was killed")
    for name, server in (("PostgreSQL", standing.postgres), ("Valkey", standing.valkey)):
        say_more()
        with server.killed():
            time.sleep(2)
        goes_on(f"{name} was killed")
    eventually(
        lambda: muster.asked_of_database(
            "SELECT NOT EXISTS (SELECT FROM web_message WHERE event = 'drill' AND state = 'waiting')"
        ),
        within_s=ALL_SENT_S,
        what="all is sent",
        last=lambda: [len(keeper.bodies()) for keeper in keepers],
    )
    again = 0
    for keeper in keepers:
        bodies = keeper.bodies()
        assert len(bodies) == messages
        assert all(len(set(each)) == 1 for each in bodies.values())
        again += sum(len(each) - 1 for each in bodies.values())
        # In their order, where each is counted when it came first.
        numbers = [int(message_id.rpartition("-")[2]) for message_id in bodies]
        assert numbers == sorted(numbers)
    figures.append(
        f"{len(keepers) * messages} messages through five kills: {again} sent again, by the same id"
    )
    sent = "SELECT count(*) FROM web_message WHERE event = 'drill' AND state = 'sent'"
    assert muster.asked_of_database(sent) == len(keepers) * messages
