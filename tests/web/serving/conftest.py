"""The application as uvicorn serves it, on a port of this machine, with the sample addresses."""

import http.client
import logging
import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from django.core.wsgi import get_wsgi_application
from django.db import connection

from web.request_ids import RequestIdFilter
from web.serving.application import Serving
from web.serving.protocol import BoundedProtocol

ANSWER_S = 20


class Server:
    """`application` in a thread of its own; `ask` sends one request over a connection of its own."""

    def __init__(self, application):
        self.application = application
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listening.getsockname()[1]
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(application, http=BoundedProtocol, log_level="error", log_config=None)
        )
        self._thread = threading.Thread(target=self._uvicorn.run, args=[[self._listening]], daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._uvicorn.should_exit = True
        self._thread.join(ANSWER_S)

    def ask(self, path, method="GET", body=None, headers=None, **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.request(method, path, body, headers or {}, **options)
            answer = connection.getresponse()
            answer.text = answer.read()
            return answer
        finally:
            connection.close()

    def open(self, head):
        """A raw connection that has sent `head`."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(ANSWER_S)
        raw.connect(("127.0.0.1", self.port))
        raw.sendall(head.encode("latin-1"))
        return raw


@pytest.fixture
def server(transactional_db, settings):
    settings.ROOT_URLCONF = "tests.web.serving.urls"
    started = Server(Serving(get_wsgi_application(), doors={}))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def without_database(transactional_db):
    """Inside, the database ends every connection and takes no other, as one that restarts."""

    @contextmanager
    def away():
        name = connection.settings_dict["NAME"]
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
        try:
            yield
        finally:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    return away


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO)
    only_here = RequestIdFilter()
    caplog.handler.addFilter(only_here)
    yield caplog
    caplog.handler.removeFilter(only_here)
