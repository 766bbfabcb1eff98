"""The common password of the demo's logins, which follows from the signing key."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import User
from readiness.demo.logins import password_of
from readiness.demo.models import DemoFleet


def renew_passwords(now: datetime) -> int:
    """Give the logins the password that the present key gives, unless somebody has set another one."""
    fleet = DemoFleet.objects.first()
    if fleet is None:
        return 0
    accounts = User.objects.filter(pk__in=fleet.made.get(User._meta.label, []), password_set_at=None)
    logins = accounts.filter(is_active=True).exclude(username__startswith="demo-")
    return logins.update(password=make_password(password_of(settings.SECRET_KEY)))
