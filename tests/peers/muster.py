"""A running Muster, seen from outside: its commands, its API and its pages."""

import json
import re
import subprocess
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from stack import processes
from tests.peers.running import Programs, eventually, free_port

# Seconds for which a sample counts as live, in place of the usual five minutes.
LIVE_S = 10
USER, EMAIL, PASSWORD = "boss", "boss@example.com", "a-long-enough-password"
START_S = 90


class Muster:
    """`token` is that of an administrator who is in its database already; without one, `start` begins with an empty
    database.
    """

    def __init__(
        self, root: Path, environment: dict[str, str], programs: Programs, *, token: str = ""
    ) -> None:
        self.root, self.programs = root, programs
        self.environment = environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._cookies = CookieJar()
        self._pages = build_opener(HTTPCookieProcessor(self._cookies))
        self.token = token

    def start(self) -> None:
        if not self.token:
            self.manage("migrate", "--no-input")
            self.add_administrator()
        commands = {
            "web": processes.web(host="127.0.0.1", port=self.port),
            "worker": processes.worker(),
            "beat": processes.beat(state=str(self.programs.folder / "beat-state")),
        }
        for name, argv in commands.items():
            self.programs.start(name, list(argv), cwd=self.root, env=self.environment)
        eventually(
            self._answers, within_s=START_S, what="Muster answers and sees its worker", last=self._logs
        )
        self.sign_in()

    def add_administrator(self) -> None:
        self.manage("createsuperuser", "--no-input", "--username", USER, "--email", EMAIL)
        self.token = self.manage("create_token", "--user", USER, "--scope", "write").split()[-1]

    def sign_in(self) -> None:
        """Sign in the browser that `page`, `markup` and `press` use."""
        self._sign_in(self._pages, USER)

    def manage(self, *arguments: str, within_s: float = 300) -> str:
        argv = ["python", "manage.py", *arguments]
        done = subprocess.run(
            argv, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=within_s
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str, **query: object) -> dict:
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, data: dict) -> dict:
        return self._call("POST", path, json.dumps(data).encode())

    def add_site(self, slug: str) -> None:
        region = self.post("/api/inventory/regions/", {"name": "Iberia", "slug": "iberia"})
        there = {"name": slug.title(), "slug": slug, "region": region["id"], "stage": "production"}
        self.post("/api/inventory/sites/", there | {"country": "PT"})

    def session(self, username: str) -> str:
        """The cookies of a new session, as a header says them."""
        cookies = CookieJar()
        self._sign_in(build_opener(HTTPCookieProcessor(cookies)), username)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)

    def page(self, path: str) -> str:
        """The text of a page, without markup."""
        text = re.sub(r"<(script|style)\b.*?</\1>", " ", self.markup(path), flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))

    def markup(self, path: str) -> str:
        with self._pages.open(self.url + path, timeout=30) as response:
            return response.read().decode()

    def press(self, path: str) -> None:
        """Send the form of a button that has no fields."""
        token = next(cookie.value for cookie in self._cookies if cookie.name == "csrftoken")
        form = urlencode({"csrfmiddlewaretoken": token}).encode()
        self._pages.open(Request(self.url + path, data=form), timeout=30).close()

    def leave_out_past_of_demo(self) -> None:
        """Stop the worker from writing 18 months, which would take a core for minutes."""
        self.press("/demo/history/cancel/")

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with build_opener().open(request, timeout=30) as response:
                return json.load(response)
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error

    def _sign_in(self, browser: OpenerDirector, username: str) -> None:
        with browser.open(f"{self.url}/login/", timeout=30) as response:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', response.read().decode())[1]
        form = urlencode({"csrfmiddlewaretoken": token, "username": username, "password": PASSWORD}).encode()
        with browser.open(Request(f"{self.url}/login/", data=form), timeout=30) as response:
            assert "/login/" not in response.url

    def _answers(self) -> bool:
        try:
            with build_opener().open(f"{self.url}/health/ready", timeout=5) as response:
                return json.load(response)["workers"] > 0
        except (HTTPError, URLError, ConnectionError, TimeoutError):
            return False

    def _logs(self) -> str:
        return "\n".join(f"{each.name}: {each.said()}" for each in self.programs.started)
