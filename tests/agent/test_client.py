"""The agent's HTTP client reads whole answers within its bounds, and connects to allowed addresses only."""

import asyncio
import ssl
from ipaddress import ip_network

import pytest

from agent.client import NoReply, ServerAddress, exchange, is_inside
from tests.agent.servers import LOOPBACK, open_server, response

TLS = ssl.create_default_context()
TEXT = b"up 1\n"


def call(
    answer,
    *,
    networks=(LOOPBACK,),
    most_bytes=1000,
    timeout_s=30.0,
    body=b"",
    scheme="http",
    host="127.0.0.1",
):
    async def run():
        async with open_server(answer) as port:
            server = ServerAddress(scheme, host, port, tuple(map(ip_network, networks)))
            return await exchange(
                server,
                "POST" if body else "GET",
                "/metrics",
                headers={"X-Test": "yes"},
                body=body,
                timeout_s=timeout_s,
                most_bytes=most_bytes,
                tls=TLS,
            )

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        response(body=TEXT, Content_Type="text/plain"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nup \r\n2\r\n1\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nup 1\n",
    ],
    ids=["length", "chunks", "until the end"],
)
def test_a_whole_answer_is_read(answer):
    reply = call(lambda head, body: answer)
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "text/plain", TEXT)


def test_the_request_is_what_was_asked_for():
    requests = []
    call(lambda head, body: requests.append((head, body)) or response(), body=b"12345")
    [(head, body)] = requests
    assert head.startswith("POST /metrics HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "X-Test: yes\r\n" in head
    assert body == b"12345"


def test_a_redirect_is_not_followed():
    reply = call(lambda head, body: response("302 Found", Location="http://127.0.0.1:1/"))
    assert reply.status == 302


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (response(body=b"x" * 1001), "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nup 1", "ended before it was whole"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup", "ended before it was whole"),
        (b"HTTP/1.1 200 OK\r\nContent-", "ended before it was whole"),
        (b"", "ended before it was whole"),
        (b"HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "is no HTTP/1.1"),
        (b"SSH-2.0-OpenSSH_10.0\r\n", "is no HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000, "bytes of headers"),
    ],
)
def test_what_is_not_whole_or_too_large_is_no_reply(answer, fault):
    with pytest.raises(NoReply, match=fault):
        call(lambda head, body: answer)


def test_a_target_that_says_nothing_is_given_up():
    with pytest.raises(NoReply, match=r"no whole answer within 0\.1 s"):
        call(lambda head, body: None, timeout_s=0.1)


def test_an_address_outside_the_networks_is_not_called():
    calls = []
    with pytest.raises(NoReply, match="no address within the networks"):
        call(lambda head, body: calls.append(head) or response(), networks=["10.0.0.0/8", "::1/128"])
    assert calls == []


def test_a_server_without_tls_is_no_reply():
    with pytest.raises(NoReply):
        call(lambda head, body: response(), scheme="https", timeout_s=0.2)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("fd00::1", True),
        ("fe80::1%eth0", False),
        ("::ffff:10.1.2.3", False),
    ],
)
def test_addresses_are_compared_by_their_version(address, inside):
    assert is_inside(address, (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))) is inside
