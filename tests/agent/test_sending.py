"""The server's answer decides whether a body is taken, refused or sent again, and after how long."""

import asyncio
import itertools
import json
import ssl
from random import Random

import pytest

from agent.client import HttpReply, NoReply
from agent.disk_buffer import DiskBuffer
from agent.figures import AgentFigures
from agent.muster_address import MusterAddress
from agent.sending import LONGEST_WAIT_S, BufferSender, SendResult, judge, wait_s
from tests.agent.servers import open_server, response

NOW_MS = 1_795_500_000_000
SAMPLES = 7


def reply_of(status, document=None, **headers):
    return HttpReply(status, headers, b"" if document is None else json.dumps(document).encode())


@pytest.mark.parametrize(
    ("reply", "kind", "detail"),
    [
        (reply_of(204), SendResult.TAKEN, None),
        (
            reply_of(400, {"rejected": {"too_old": 2, "bad_label_name": 1}}),
            SendResult.REFUSED,
            {"too_old": 2, "bad_label_name": 1},
        ),
        (reply_of(400, {"rejected": {"malformed_body": 1}}), SendResult.REFUSED, {"malformed_body": SAMPLES}),
        (reply_of(413, {"rejected": {"body_too_large": 1}}), SendResult.REFUSED, {"body_too_large": SAMPLES}),
        # Another server wrote these, in front of Muster or in its place.
        (HttpReply(200, {}, b"<title>Sign in</title>"), SendResult.LATER, None),
        (reply_of(400), SendResult.LATER, None),
        (reply_of(400, {"rejected": {}}), SendResult.LATER, None),
        (HttpReply(400, {}, b'{"rejected": {"too_old": Infinity}}'), SendResult.LATER, None),
        (HttpReply(413, {}, b"<title>413 Request Entity Too Large</title>"), SendResult.LATER, None),
        (reply_of(422, {"detail": "no"}), SendResult.LATER, None),
        # These blame token or address, and not the samples.
        (reply_of(401), SendResult.LATER, None),
        (reply_of(403), SendResult.LATER, None),
        (reply_of(404), SendResult.LATER, None),
        (reply_of(302), SendResult.LATER, None),
        (reply_of(415), SendResult.LATER, None),
        (reply_of(408), SendResult.LATER, None),
        (NoReply("Connection refused"), SendResult.LATER, None),
        (reply_of(500), SendResult.LATER, None),
        (reply_of(503, **{"retry-after": "7"}), SendResult.LATER, 7.0),
        (reply_of(429, **{"retry-after": "Sat, 24 Nov 2026 00:00:00 GMT"}), SendResult.LATER, 0.0),
        (reply_of(429, **{"retry-after": "99999999999"}), SendResult.LATER, 3600.0),
        (reply_of(429, **{"retry-after": "soon"}), SendResult.LATER, None),
        (reply_of(429, **{"retry-after": "²"}), SendResult.LATER, None),
    ],
)
def test_an_answer_decides_what_becomes_of_a_body(reply, kind, detail):
    """`detail` is what was refused, or the seconds that the server asks for."""
    outcome = judge(reply, SAMPLES, now_ms=NOW_MS)
    assert outcome.result is kind
    assert (outcome.refused if kind is SendResult.REFUSED else outcome.retry_after_s) == detail


def test_an_answer_is_logged_in_quotes_and_says_if_it_is_not_of_muster():
    outcome = judge(HttpReply(400, {}, b"no\n2026-12-02 ERROR \x1b[31mall is lost"), SAMPLES, now_ms=NOW_MS)
    assert outcome.detail.startswith(
        r"400 'no\n2026-12-02 ERROR \x1b[31mall is lost', which is no answer of Muster"
    )


def test_waits_are_doubled_up_to_a_minute_and_never_less_than_asked():
    random = Random(1)
    waits = [wait_s(attempt, None, random) for attempt in range(1, 100)]
    for attempt, seconds in enumerate(waits, 1):
        most = min(2 ** (attempt - 1), LONGEST_WAIT_S)
        assert most / 2 <= seconds <= most
    assert len(set(waits)) == len(waits), "many agents do not come back at once"
    assert all(300 <= wait_s(1, 300, random) <= 360 for _ in range(50))


@pytest.fixture
def buffer(tmp_path):
    opened = DiskBuffer(tmp_path / "buffer", max_bytes=1 << 20)
    yield opened
    opened.close()


def test_bodies_are_sent_in_order_until_each_is_taken(buffer, tmp_path):
    """The server is away, full, another one, and refuses one body: that alone is dropped, and nothing overtakes."""
    (tmp_path / "token").write_text("a-token\n")
    refusal = json.dumps({"rejected": {"too_old": 2}}).encode()
    replies = itertools.chain(
        map(response, ["503 Busy", "429 Full", "400 Bad", "204 Taken"]),
        [response("400 Bad", refusal)],
        itertools.repeat(response("204 Taken")),
    )
    bodies, figures = [], AgentFigures()

    def answer(head, body):
        assert "Authorization: Bearer a-token\r\n" in head
        assert "Content-Encoding: snappy\r\n" in head
        bodies.append(body)
        return next(replies)

    async def run():
        async with open_server(answer) as port:
            muster = MusterAddress(
                f"http://127.0.0.1:{port}", tmp_path / "token", ssl.create_default_context()
            )
            sender = BufferSender(buffer, muster, figures, now_ms=lambda: NOW_MS, random=Random(1))
            pauses_s = []
            for number in range(3):
                buffer.append(b"%d" % number, samples=2)
            while body := buffer.oldest():
                pauses_s.append(await sender.deliver(body))
            return pauses_s

    pauses_s = asyncio.run(run())
    assert bodies == [b"0", b"0", b"0", b"0", b"1", b"2"]
    assert [pause > 0 for pause in pauses_s] == [True, True, True, False, False, False]
    assert (figures.sent_samples, figures.failed_requests) == (4, 3)
    assert figures.dropped_samples == {"too_old": 2}


def test_without_a_token_nothing_is_lost(buffer, tmp_path):
    muster = MusterAddress("http://127.0.0.1:9", tmp_path / "missing", ssl.create_default_context())
    sender = BufferSender(buffer, muster, AgentFigures(), now_ms=lambda: NOW_MS, random=Random(1))
    buffer.append(b"0", samples=2)
    assert asyncio.run(sender.deliver(buffer.oldest())) > 0
    assert buffer.oldest().body == b"0"
