"""Requests to the application as it is served."""

import http.client
import json
import socket
from contextlib import contextmanager

import pytest


@pytest.fixture
def headers_of():
    def headers(sender):
        return {
            "Authorization": f"Bearer {sender.source.plain_token}",
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
        }

    return headers


@pytest.fixture
def post(served_port, sender, headers_of):
    """Post a body to the server: its status, headers and what it says. A header that is None is left out."""

    def run(body, headers=None, address="/api/v1/write"):
        given = headers_of(sender) | (headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", served_port, timeout=20)
        connection.request(
            "POST", address, body, {name: value for name, value in given.items() if value is not None}
        )
        answer = _answer(connection.getresponse())
        connection.close()
        return answer

    return run


@pytest.fixture
def opened(served_port, sender, headers_of):
    """Begin a request by hand: `with opened({"Content-Length": 5}) as wire: wire.sendall(...); wire.answer()`."""

    @contextmanager
    def run(headers, *, by=sender):
        given = {"Host": "muster"} | headers_of(by) | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        with Wire(served_port) as wire:
            wire.sendall(f"POST /api/v1/write HTTP/1.1\r\n{head}\r\n".encode())
            yield wire

    return run


class Wire(socket.socket):
    def __init__(self, port):
        super().__init__()
        self.settimeout(20)
        self.connect(("127.0.0.1", port))

    def answer(self):
        response = http.client.HTTPResponse(self)
        response.begin()
        return _answer(response)


def _answer(response):
    content = response.read()
    names = {name.lower(): value for name, value in response.getheaders()}
    if not content:
        return response.status, names, None
    is_json = names["content-type"] == "application/json"
    return response.status, names, json.loads(content) if is_json else content
