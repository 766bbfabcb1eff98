"""Who a request comes from, asked of the running web process: forwarded headers count from named proxies only."""

import os
import re
import select
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.operations import create_token
from accounts.throttling import TRIES_PER_NAME, WINDOW_S
from config import env
from stack import processes
from tests.conftest import NOW

STARTS_WITHIN_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Web:
    """The web process as `make run` starts it, on the tests' database."""

    def __init__(self, folder, **variables):
        self.port = free_port()
        parts = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(parts._replace(path=f"/{settings.DATABASES['default']['NAME']}"))
        command = processes.web(host="127.0.0.1", port=self.port)
        self.log = (folder / "web.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, *command[1:]],
            env={**os.environ, "DATABASE_URL": database, **variables},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def wait(self):
        ends_at = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < ends_at and self.process.poll() is None:
            try:
                return self.get("/health/live")
            except ConnectionRefusedError:
                select.select([], [], [], 0.1)
        raise AssertionError("The web process did not start.")

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def ask(self, method, path, body=None, headers=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, username, *, forwarded_for):
        answer, page = self.get("/login/")
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        cookie = answer.getheader("Set-Cookie").split(";")[0]
        form = {"username": username, "password": "wrong", "csrfmiddlewaretoken": token}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
            "X-Forwarded-For": forwarded_for,
        }
        return self.ask("POST", "/login/", urlencode(form), headers)[0].status

    def try_in_one_window(self):
        """Sign in twice more than one may; again where the throttle's window ended in between."""
        while True:
            window = time.time() // WINDOW_S
            tries = [self.sign_in("ops", forwarded_for=f"198.51.100.{n}") for n in range(TRIES_PER_NAME + 2)]
            if time.time() // WINDOW_S == window:
                return tries

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


@pytest.fixture
def web_of(transactional_db, tmp_path):
    started = []

    def start(**variables):
        started.append(Web(tmp_path, **variables))
        started[-1].wait()
        return started[-1]

    yield start
    for web in started:
        web.stop()


@pytest.mark.full
@pytest.mark.parametrize(
    ("proxies", "refused", "scheme"),
    [
        pytest.param("", True, "http", id="no proxy is named"),
        pytest.param("203.0.113.7", True, "http", id="another one is named"),
        pytest.param("127.0.0.0/8", False, "https", id="this one is named"),
    ],
)
def test_rotated_headers_pass_no_throttle(web_of, ops, proxies, refused, scheme):
    web = web_of(MUSTER_TRUSTED_PROXIES=proxies)
    tries = web.try_in_one_window()
    assert tries[:TRIES_PER_NAME] == [200] * TRIES_PER_NAME
    assert tries[TRIES_PER_NAME:] == [429 if refused else 200] * 2
    _, plain = create_token(user=ops, name="x", by=None, now=NOW)
    _, body = web.get(
        "/api/accounts/tokens/", **{"Authorization": f"Bearer {plain}", "X-Forwarded-Proto": "https"}
    )
    assert re.search(r'"url":"(https?)://127', body)[1] == scheme


@pytest.mark.parametrize("proxies", ["*", "proxy.example.org", "10.0.0.1/8"])
def test_a_proxy_is_named_by_address(monkeypatch, proxies):
    monkeypatch.setenv("MUSTER_TRUSTED_PROXIES", proxies)
    with pytest.raises(ImproperlyConfigured, match="MUSTER_TRUSTED_PROXIES"):
        env.networks("MUSTER_TRUSTED_PROXIES", "the proxies")
