"""The application as it is served: uvicorn with all of it, on a socket of the loopback interface."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn


@pytest.fixture(scope="session")
def port(django_db_setup):
    """Served until the last test that needs it is over."""
    from config.asgi import application

    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="on"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # So that who connects before the thread has come that far waits, and is not refused.
    listening.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=20)
    listening.close()
    assert not thread.is_alive()


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
def post(port, sender, headers_of):
    """Post a body to the server: its status, headers and what it says. A header that is None is left out."""

    def run(body, headers=None):
        given = headers_of(sender) | (headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "POST", "/api/v1/write", body, {name: value for name, value in given.items() if value is not None}
        )
        answer = _answer(connection.getresponse())
        connection.close()
        return answer

    return run


@pytest.fixture
def opened(port, sender, headers_of):
    """Begin a request by hand: `with opened({"Content-Length": 5}) as wire: wire.sendall(...); wire.answer()`."""

    @contextmanager
    def run(headers, *, by=sender):
        given = {"Host": "muster"} | headers_of(by) | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        with Wire(port) as wire:
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
    return response.status, names, json.loads(content) if content else None
