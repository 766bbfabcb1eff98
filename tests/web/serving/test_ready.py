"""Readiness under load and without a database, as a proxy sees it that asks all the time."""

import asyncio
import json
import threading
import time

import pytest
from django.contrib.staticfiles import finders

from web.serving import pulse
from web.serving.pulse import Pulse

LOADED_S, LEAST_ANSWERS = 20, 10
READERS = 24


def state_of(server):
    answer = server.ask("/health/ready")
    return answer.status, json.loads(answer.text)


def until_ready(server):
    """Until its pulse has looked, too: before that each answer looks by itself."""
    while state_of(server)[0] != 200 or server.application._pulse.parts is None:
        pass


def test_a_dead_database_is_told_within_two_seconds_and_its_return_too(server, without_database):
    until_ready(server)
    # Other work on the machine may delay one of them.
    outages = (seconds_of_outage(server, without_database) for _ in range(3))
    assert any(told_s < 2 and back_s < 2 for told_s, back_s in outages)


def seconds_of_outage(server, without_database):
    """How long it takes until the database is said to be down, and up again."""
    with without_database():
        gone_at = time.monotonic()
        while state_of(server)[0] != 503:
            pass
        told_s = time.monotonic() - gone_at
        _, says = state_of(server)
        assert (says["status"], says["database"], says["migrations"]) == ("down", "down", "unknown")
    back_at = time.monotonic()
    until_ready(server)
    return told_s, time.monotonic() - back_at


def test_static_files_need_no_database(server, without_database, settings):
    until_ready(server)
    style = "/static/css/tokens.css"
    assert finders.find("css/tokens.css")
    assert server.ask(style).status == 200
    with without_database():
        while server.ask("/seen").status != 503:
            pass
        answer = server.ask(style, headers={"Cookie": "sessionid=any"})
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/css")
        assert answer.headers.get("Connection") != "close"
        assert server.ask("/static/no-such-file.css").status == 404


def test_silence_counts_unless_the_process_itself_gets_no_time(monkeypatch):
    monkeypatch.setattr(pulse, "SILENCE_S", 0.2)
    monkeypatch.setattr(pulse, "LATE_S", 0.1)
    monkeypatch.setattr(pulse, "SILENCE_MOST_S", 1.5)

    async def is_silent(*, answers_s, blocked_s):
        loop, asking = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        loop.call_later(answers_s, asking.set_result, True)
        # All of the loop's time until then is taken by something else.
        blocked_until = loop.time() + blocked_s

        def block():
            while loop.time() < blocked_until:
                pass

        loop.call_soon(block)
        silent = await Pulse()._is_silent(asking)
        await asking
        return silent

    assert not asyncio.run(is_silent(answers_s=0.1, blocked_s=0))
    assert asyncio.run(is_silent(answers_s=1.0, blocked_s=0)), "nobody answers, though there is time"
    assert not asyncio.run(is_silent(answers_s=0.7, blocked_s=0.6)), "there was no time to hear the answer"


@pytest.mark.full
@pytest.mark.timeout(180)
def test_a_busy_process_is_ready_all_the_time(server):
    """Every thread computes and asks the database all the time, and more readers wait."""
    until_ready(server)
    over = threading.Event()

    def read():
        while not over.is_set():
            assert server.ask("/computes").status == 200

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        ends_at, answers = time.monotonic() + LOADED_S, []
        while time.monotonic() < ends_at or len(answers) < LEAST_ANSWERS:
            began = time.monotonic()
            status, says = state_of(server)
            answers.append((status, says["database"], time.monotonic() - began))
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert {status for status, *_ in answers} == {200}, answers
