"""The client against servers that misbehave."""

import os
import ssl
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from urllib3.connection import HTTPSConnection

from tests.web.delivery.receivers import NOW, Receiver, certificate, drip, flood
from web.delivery import http
from web.delivery.http import AddressRefused, NoAnswer

WITHIN_S = 0.6


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(http, "TOTAL_S", WITHIN_S)


@pytest.fixture
def post(settings):
    def send(receiver, resolve=None, **more):
        settings.DELIVERY_HOSTS = [receiver.netloc]
        options = {"resolve": resolve} if resolve else {}
        return http.post(receiver.url, body=b"{}", headers={"X-Test": "1"}, now=NOW, **options, **more)

    return send


def test_an_answer_is_read(post):
    with Receiver(202, b"accepted", (("Retry-After", "120"),)) as receiver:
        answer = post(receiver)
    assert (answer.status, answer.text, answer.retry_after_s) == (202, "accepted", 120.0)
    [request] = receiver.requests
    assert (request.path, request.body, request.headers["x-test"]) == ("/hook", b"{}", "1")
    assert request.headers["host"] == receiver.netloc


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("Tue, 24 Nov 2026 16:05:00 GMT", 300.0),
        ("Tue, 24 Nov 2026 15:00:00 GMT", 0.0),
        ("99999999", 24 * 3600.0),
        ("9" * 400, None),
        ("9" * 5000, None),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_how_long_to_wait_is_read(post, stated, seconds):
    with Receiver(503, headers=(("Retry-After", stated),)) as receiver:
        assert post(receiver).retry_after_s == seconds


def test_a_redirect_is_not_followed(post):
    with Receiver() as inside, Receiver(302, headers=(("Location", inside.url),)) as receiver:
        assert post(receiver).status == 302
    assert inside.requests == []


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch):
    """The check sees an address of the internet. A second look-up would see one inside, and there is none."""
    answers, called_hosts = [["93.184.216.34"], ["10.0.0.7"]], []

    def connect(connection):
        called_hosts.append(connection.host)
        raise OSError("unreachable")

    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    with pytest.raises(NoAnswer, match=r"example\.org does not answer"):
        http.post(
            "https://example.org/", body=b"", headers={}, now=NOW, resolve=lambda host, port: answers.pop(0)
        )
    assert called_hosts == ["93.184.216.34"]
    assert answers == [["10.0.0.7"]]


@pytest.mark.parametrize("inside", ["10.0.0.7", "127.0.0.1"])
def test_one_address_inside_among_others_is_enough_to_refuse(monkeypatch, inside):
    called_hosts = []
    monkeypatch.setattr(HTTPSConnection, "connect", lambda connection: called_hosts.append(connection.host))
    with pytest.raises(AddressRefused, match="not on the internet"):
        http.post(
            "https://example.org/",
            body=b"",
            headers={},
            now=NOW,
            resolve=lambda host, port: ["93.184.216.34", inside],
        )
    assert called_hosts == []


def test_the_connection_goes_to_the_checked_address(settings):
    """The host has no other address than the one that the resolver gave for the check."""
    with Receiver() as receiver:
        settings.DELIVERY_HOSTS = [f"nowhere.invalid:{receiver.port}"]
        answer = http.post(
            f"http://nowhere.invalid:{receiver.port}/",
            body=b"",
            headers={},
            now=NOW,
            resolve=lambda host, port: ["127.0.0.1"],
        )
    assert answer.status == 200
    assert receiver.requests[0].headers["host"] == f"nowhere.invalid:{receiver.port}"


def drip_headers(handler):
    with suppress(OSError):
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + 1000 * b".":
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()
            time.sleep(0.05)


def hang_up(handler):
    handler.connection.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (drip, "did not (answer|finish)"),
        (drip_headers, "did not (answer|finish)"),
        (flood, "with more than 64 KiB"),
        (hang_up, "does not answer"),
    ],
    ids=["slow body", "slow headers", "huge answer", "hangs up"],
)
def test_time_and_bytes_are_limited(post, soon, answer, reason):
    began = time.monotonic()
    with Receiver(answer=answer) as receiver, pytest.raises(NoAnswer, match=reason) as failure:
        post(receiver)
    assert time.monotonic() - began < 30
    assert "/hook" not in str(failure.value)


def test_nobody_listens(settings):
    with Receiver() as receiver:
        settings.DELIVERY_HOSTS = [receiver.netloc]
    with pytest.raises(NoAnswer, match=r"127\.0\.0\.1 does not answer"):
        http.post(receiver.url, body=b"", headers={}, now=NOW)


@pytest.mark.parametrize("name", ["hooks.example.org", "other.example.org"])
@pytest.mark.parametrize("is_of_system", [True, False], ids=["of the system", "by setting"])
def test_the_certificate_must_be_that_of_the_host(name, is_of_system, settings, tmp_path, monkeypatch):
    path = certificate(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if is_of_system:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    else:
        settings.DELIVERY_CA = str(path)
    with Receiver(tls=context) as receiver:
        host = f"hooks.example.org:{receiver.port}"
        settings.DELIVERY_HOSTS = [host]
        values = {"body": b"", "headers": {}, "now": NOW, "resolve": lambda host, port: ["127.0.0.1"]}
        if name == "hooks.example.org":
            assert http.post(f"https://{host}/", **values).status == 200
        else:
            with pytest.raises(NoAnswer, match=r"certificate of hooks\.example\.org is not valid"):
                http.post(f"https://{host}/", **values)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "No such file or directory"), ("no certificate", "NO_CERTIFICATE_OR_CRL_FOUND")],
    ids=["missing", "no certificate"],
)
def test_a_wrong_file_of_certificates_is_refused_at_start(text, reason, tmp_path):
    path = tmp_path / "authority.pem"
    if text is not None:
        path.write_text(text)
    environment = {**os.environ, "MUSTER_DELIVERY_CA": str(path)}
    argv = [sys.executable, "-c", "import config.settings"]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert f"MUSTER_DELIVERY_CA='{path}' cannot be read" in ended.stderr
    assert reason in ended.stderr
