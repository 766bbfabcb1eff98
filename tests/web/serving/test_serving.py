"""The web process as its clients meet it: bounded bodies, slow readers, failures, a database that comes and goes."""

import http.client
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from tests.web.serving.urls import PIECES_MADE
from web import bodies
from web.serving import application as serving
from web.serving import lanes, protocol, work

TWO_MB = "/large.csv?pieces=32"
WITHIN_S = 20


def cookie_of(client):
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def until(holds):
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline


def refused(answer):
    return answer.status, json.loads(answer.text)["detail"]


def test_a_request_reaches_its_view_whole(server):
    answer = server.ask("/seen?a=%C3%A9&b=2", "POST", b"12345")
    assert answer.status == 200
    assert answer.headers["X-Request-ID"]
    assert json.loads(answer.text) == {
        "bytes": 5,
        "method": "POST",
        "query": {"a": "é", "b": "2"},
        "address": "",
    }


def test_a_chunked_body_reaches_its_view_whole(server):
    answer = server.ask("/seen", "POST", iter([b"a" * 40_000, b"b" * 20_000]), encode_chunked=True)
    assert json.loads(answer.text)["bytes"] == 60_000


def test_a_header_with_an_underscore_does_not_pass_for_another(server):
    assert json.loads(server.ask("/seen", headers={"X_Real_IP": "10.0.0.1"}).text)["address"] == ""
    assert json.loads(server.ask("/seen", headers={"X-Real-IP": "10.0.0.1"}).text)["address"] == "10.0.0.1"


def test_a_head_has_no_body(server):
    answer = server.ask("/seen", "HEAD")
    assert (answer.status, answer.text) == (200, b"")


def test_strangers_send_little(server):
    more = serving.FREE_BYTES + 1
    for body in (b"x" * more, iter([b"x" * more])):
        answer = server.ask("/api/seen", "POST", body)
        assert answer.status == 413
        assert "65536" in refused(answer)[1]


def test_whoever_is_known_sends_more(server, client_of, settings):
    settings.BODY_BYTES = 200_000
    more = b"x" * (serving.FREE_BYTES + 1)
    signed_in = cookie_of(client_of("viewer"))
    assert json.loads(server.ask("/seen", "POST", more, signed_in).text)["bytes"] == len(more)
    for body in (b"x" * 200_001, iter([b"x" * 150_000] * 2)):
        answer = server.ask("/api/seen", "POST", body, signed_in)
        assert answer.status == 413
        assert "200000" in refused(answer)[1]


def test_a_large_body_is_read_only_from_the_known(server):
    for header in ({"Cookie": "sessionid=invented"}, {"Authorization": "Bearer invented"}):
        # Only the head and the first bytes are ever sent.
        lines = "".join(f"{name}: {value}\r\n" for name, value in header.items())
        raw = server.open(f"POST /api/x HTTP/1.1\r\nHost: here\r\n{lines}Content-Length: 1000000\r\n\r\n")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert answer.status == 401
        assert answer.headers["Connection"] == "close"
        raw.close()


def test_a_body_that_stalls_is_given_up(server, monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE_S", 0.2)
    raw = server.open("POST /seen HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n123")
    answer = http.client.HTTPResponse(raw)
    answer.begin()
    assert answer.status == 408
    raw.close()


def test_a_body_that_drips_is_given_up(server, monkeypatch):
    monkeypatch.setattr(bodies, "START_S", 0.2)
    raw = server.open("POST /seen HTTP/1.1\r\nHost: here\r\nContent-Length: 10000\r\n\r\n")
    raw.sendall(b"1")
    answer = http.client.HTTPResponse(raw)
    answer.begin()
    assert answer.status == 408
    raw.close()


def test_a_head_that_never_ends_is_given_up(server, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    for begun in ("", "GET /seen HTTP/1.1\r\nHost: he"):
        raw = server.open(begun)
        assert raw.recv(1) == b""
        raw.close()


def test_a_head_has_a_bound(server):
    raw = server.open("GET /seen HTTP/1.1\r\nHost: here\r\nX-Long: " + "x" * protocol.HEAD_BYTES)
    assert raw.recv(12) == b"HTTP/1.1 400"
    raw.close()


def test_a_second_request_over_a_connection_is_answered(server):
    head = "GET /seen?n={} HTTP/1.1\r\nHost: here\r\n{}\r\n"
    with server.open(head.format(1, "") + head.format(2, "Connection: close\r\n")) as raw:
        answers = b"".join(iter(lambda: raw.recv(4096), b""))
    payloads = re.findall(rb"\r\n\r\n(\{.*?\})(?=HTTP/1\.1|$)", answers)
    assert [json.loads(body)["query"] for body in payloads] == [{"n": "1"}, {"n": "2"}]


def test_whoever_is_refused_halfway_reads_why(server):
    answer = server.ask("/api/seen", "POST", b"x" * 8_000_000)
    assert (answer.status, answer.headers["Connection"]) == (413, "close")


def test_a_slow_reader_keeps_no_thread(server):
    readers = [server.open(f"GET {TWO_MB} HTTP/1.1\r\nHost: here\r\n\r\n") for _ in range(4)]
    heads = [reader.recv(12) for reader in readers]
    assert heads == [b"HTTP/1.1 200"] * 4
    answer = server.ask(TWO_MB)
    assert (answer.status, len(answer.text)) == (200, 32 * 65536)
    for reader in readers:
        reader.close()


def test_an_export_ends_when_its_reader_goes(server):
    PIECES_MADE.clear()
    reader = server.open("GET /slow.csv HTTP/1.1\r\nHost: here\r\n\r\n")
    until(lambda: PIECES_MADE)
    reader.close()
    # Its place is free again long before the file would have been made.
    assert server.ask("/lasts?seconds=0&export=csv").status == 200
    assert len(PIECES_MADE) < 100


def test_one_reader_has_few_files_under_way(server):
    """One reader asks for ten files at once and is refused some; another reader still gets a file."""
    with ThreadPoolExecutor(10) as together:
        answers = list(together.map(lambda _: server.ask("/lasts?seconds=1&export=csv"), range(10)))
        other = server.ask("/lasts?seconds=0&export=csv", headers={"Cookie": "sessionid=other"})
    statuses = Counter(answer.status for answer in answers)
    assert statuses == {200: work.FILES.at_most, 429: 10 - work.FILES.at_most}
    assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"5"}
    assert other.status == 200


@pytest.mark.parametrize(
    "head", ["GET /seen?a=\xe9", "GET /seen?a=%ff", "GET /%ff%fe", "GET /seen?" + "a" * 9000]
)
def test_odd_addresses_are_no_failure(server, head):
    raw = server.open(f"{head} HTTP/1.1\r\nHost: here\r\n" + "X-Same: 1\r\n" * 200 + "\r\n")
    assert int(raw.recv(12)[-3:]) < 500
    raw.close()


def test_an_answer_has_a_bound(server, settings):
    settings.ANSWER_BYTES = 100_000
    assert server.ask(TWO_MB).status == 413


def test_a_stream_that_breaks_is_a_failure_and_its_log_names_the_request(server, logged):
    answer = server.ask("/breaks", headers={"Accept": "application/json"})
    assert answer.status == 500
    assert set(json.loads(answer.text)) == {"detail"}
    failures = [record for record in logged.records if record.exc_info]
    assert [record.exc_info[0] for record in failures] == [ZeroDivisionError]
    assert failures[0].request_id == answer.headers["X-Request-ID"]


def test_the_log_of_a_view_that_fails_names_the_request(server, logged):
    answer = server.ask("/fails/500")
    assert answer.status == 500
    failures = [record.request_id for record in logged.records if record.exc_info]
    assert failures == [answer.headers["X-Request-ID"]]
    assert answer.headers["X-Request-ID"] in answer.text.decode()


def test_statements_are_bounded_by_the_kind_of_work(server):
    assert json.loads(server.ask("/backend").text)["most"] == "30s"
    assert json.loads(server.ask("/backend?export=csv").text)["most"] == "1min"


def test_what_takes_the_database_too_long_is_ended(server):
    server.application._lanes[work.PAGES] = lanes.Lane(replace(work.PAGES, statement_s=0.1))
    answer = server.ask("/lasts?seconds=20", headers={"Accept": "application/json"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "time limit" in refused(answer)[1]


def test_a_lost_connection_is_opened_anew(server):
    before = json.loads(server.ask("/backend").text)["pid"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [before])
    answer = server.ask("/backend")
    assert answer.status == 200
    assert json.loads(answer.text)["pid"] != before


def test_while_the_database_is_away_everybody_is_told_when_to_try_again(server, without_database):
    with without_database():
        until(lambda: server.ask("/health/ready").status == 503)
        until(lambda: server.ask("/seen").status == 503)
        for path in ("/seen", "/api/seen"):
            answer = server.ask(path, headers={"Accept": "text/html"})
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert b"database does not answer" in answer.text
        live = server.ask("/health/live", headers={"Cookie": "sessionid=any"})
        assert (live.status, json.loads(live.text)) == (200, {"status": "up"})
        ready = json.loads(server.ask("/health/ready").text)
        assert (ready["status"], ready["database"]) == ("down", "down")
    until(lambda: server.ask("/backend").status == 200)


def test_idle_threads_go_with_their_connections(server, monkeypatch):
    monkeypatch.setattr(lanes, "IDLE_S", 0.0)
    ours = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    pid = json.loads(server.ask("/backend").text)["pid"]
    with connection.cursor() as cursor:
        while cursor.execute(ours, [pid]) and cursor.fetchone()[0]:
            pass
