"""People who are on call at a site, with accounts, browsers and mail of their own."""

import json
import re
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.peers.muster import PASSWORD, Muster
from tests.peers.post import Post
from tests.peers.running import eventually

CODE_S = 20


class Member:
    """Somebody who is signed in, and is a person of Muster."""

    def __init__(self, muster: Muster, username: str, *, role: str = "ops") -> None:
        self.muster, self.username, self.address = muster, username, f"{username}@example.org"
        user = {"username": username, "role": role, "password": PASSWORD}
        self.user_id = muster.post("/api/accounts/users/", user)["id"]
        self._cookies = CookieJar()
        self._browser = build_opener(HTTPCookieProcessor(self._cookies))
        muster._sign_in(self._browser, username)
        person = {"name": f"{username.title()} Reis", "time_zone": "UTC"}
        self.person_id = muster.post("/api/people/people/", person)["id"]
        muster.post(f"/api/people/people/{self.person_id}/request-link/", {"user": self.user_id})
        self.post(f"/api/people/people/{self.person_id}/confirm-link/", {})

    def reads_mail(self, post: Post) -> None:
        """Add a channel of mail, and confirm it by the code that arrives."""
        channel = self.post(
            "/api/loop/channels/", {"kind": "mail", "name": "My mail", "address": self.address}
        )
        probed = self.post(f"/api/loop/channels/{channel['id']}/probe/", {})
        assert probed["outcome"] == "taken", probed
        [letter] = eventually(lambda: post.of(self.address), within_s=CODE_S, what="the code is there")
        code = re.search(r"\d{6}", letter.subject)
        assert code is not None
        self.post(f"/api/loop/channels/{channel['id']}/confirm/", {"code": code[0]})

    def page(self, path: str) -> str:
        with self._browser.open(self.muster.url + path, timeout=30) as response:
            return str(response.read().decode())

    def submit(self, path: str, **fields: object) -> str:
        """Post a form; the page that it leads to."""
        form = urlencode({"csrfmiddlewaretoken": self._csrf(), **fields}).encode()
        with self._browser.open(Request(self.muster.url + path, data=form), timeout=30) as response:
            return str(response.read().decode())

    def post(self, path: str, data: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf()}
        request = Request(self.muster.url + path, data=json.dumps(data).encode(), headers=headers)
        try:
            with self._browser.open(request, timeout=30) as response:
                return json.loads(response.read() or b"null")
        except HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:500]}") from error

    def _csrf(self) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")


def put_on_call(muster: Muster, site: str, *members: Member) -> None:
    """Primary and secondary of compute at the site, for a day from now on."""
    rotation = {"name": "Compute on call", "slug": "compute-on-call", "domain": "compute"}
    rotation = muster.post("/api/people/rotations/", rotation)
    muster.post("/api/people/rotation-sites/", {"rotation": rotation["id"], "site": {"slug": site}})
    now = datetime.now(UTC)
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
    for level, member in enumerate(members, start=1):
        override = {"rotation": rotation["id"], "level": level, "person": member.person_id, **times}
        muster.post("/api/people/overrides/", override)


def add_route(muster: Muster, site: str, *, minutes: int) -> None:
    """The primary at once, the secondary after some minutes."""
    route = muster.post("/api/loop/escalations/", {"name": "Porto", "home_site": {"slug": site}})
    for after_min, target in ((0, "primary"), (minutes, "secondary")):
        level = {"route": route["id"], "after_min": after_min, "target": target}
        muster.post("/api/loop/escalation-levels/", level)


def add_stake(muster: Muster, site: str, *, now: datetime) -> None:
    """Something at stake at the site: a workload is placed there."""
    workload = {"name": "Chat", "slug": "chat", "latency_limit_ms": 100}
    workload = muster.post("/api/readiness/workload-classes/", workload)
    placement = {"workload_class": workload["id"], "site": {"slug": site}}
    muster.post("/api/readiness/placements/", placement | {"started_on": now.date().isoformat()})
