"""One login for each role. Their password follows from the secret key, so that it can be told again at any time."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import User
from accounts.operations import create_user
from accounts.roles import ROLES
from readiness.demo.models import DemoFleet
from readiness.demo.operations.catalogue import DemoObjects


@dataclass(frozen=True)
class Login:
    username: str
    role: str


def password() -> str:
    """The password of all demo logins of this installation, 20 letters and digits in groups of five."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), b"muster demo logins", hashlib.sha256)
    letters = base64.b32encode(digest).decode().lower()[:20]
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def logins() -> tuple[Login, ...]:
    """Those of the loaded demo that are still there; none without a demo."""
    fleet = DemoFleet.objects.first()
    if fleet is None:
        return ()
    users = User.objects.filter(pk__in=fleet.made.get(User._meta.label, []), is_active=True)
    usernames = {user.username for user in users}
    return tuple(Login(_username(role), role) for role in ROLES if _username(role) in usernames)


def write_logins(made: DemoObjects, *, now: datetime) -> None:
    """Make the logins; a name that somebody has already is left alone."""
    wanted = {_username(role): role for role in ROLES}
    taken = set(User.objects.filter(username__in=wanted).values_list("username", flat=True))
    made.note(
        [
            create_user(username=username, password=password(), role=role, by=None, now=now)
            for username, role in wanted.items()
            if username not in taken
        ]
    )


def people(made: Mapping[str, list[int]]) -> dict[str, User]:
    """The logins that the demo made, by role; a role whose name somebody had already is not among them."""
    users = {user.username: user for user in User.objects.filter(pk__in=made.get(User._meta.label, []))}
    return {role: users[_username(role)] for role in ROLES if _username(role) in users}


def _username(role: str) -> str:
    return role
