"""A new password by mail: who may have one, how often, and the mail. The worker sends it."""

from datetime import datetime
from urllib.parse import urljoin

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.db.models import Q
from django.template.loader import render_to_string

from accounts.counting import CountingWindow
from accounts.links import USER_LINK_LASTS, Kind, user_link
from accounts.models import User
from web import clock
from web.units import duration

PER_ADDRESS, PER_NAME = 20, 3
_by_address = CountingWindow("reset:address", 3600)
_by_name = CountingWindow("reset:name", 3600)


def can_reset() -> bool:
    """Whether Muster can mail links. Their address is configured: whoever asks for one chooses the Host header."""
    return bool(settings.PASSWORDS and settings.MAIL_HOST and settings.BASE_URL)


def wait_s(name: str, address: str, *, now: datetime) -> int:
    """Count a request for a link, whether there is such a user or not; returns the seconds to wait, 0 if it may go
    on."""
    return max(
        _by_address.wait_s(address, most=PER_ADDRESS, now=now),
        _by_name.wait_s(name.casefold(), most=PER_NAME, now=now),
    )


@shared_task(name="web.mail_password_link")
def mail_password_link(name: str, path: str) -> int:
    """Mail a link to the user with this name or address, if there is one who signs in with a password.

    `path` is the page below which the link lies. The answer to whoever asked is the same in all cases.
    """
    users = User.objects.filter(Q(username=name) | Q(email__iexact=name), is_active=True).exclude(email="")
    # Accounts of programs have no password, and may have the same address.
    user = next((each for each in users.order_by("pk") if each.has_usable_password()), None)
    if user is None or not can_reset():
        return 0
    plain = user_link(user, Kind.PASSWORD, now=clock.now())
    context = {
        "person": user,
        "link": urljoin(f"{settings.BASE_URL}/", f"{path.lstrip('/')}{plain}/"),
        "lasts": duration(USER_LINK_LASTS.total_seconds()),
    }
    text = render_to_string("accounts/reset_mail.txt", context)
    mail = EmailMessage("A new password for Muster", text, settings.MAIL_FROM, [user.email])
    return int(mailers.default.send_messages([mail]) or 0)
