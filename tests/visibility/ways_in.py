"""Rows of sessions and one-time links for the scene."""

from datetime import timedelta

from accounts.models import AccessScope, Session, SignInLink
from tests.readiness.assessment.scoring.stored import NOW

DAY = timedelta(days=1)


def take_part(user):
    AccessScope.objects.create(user=user, kind="site", slug="porto")
    Session.objects.create(
        session_key="elsewhere", user=user, expire_date=NOW + DAY, began_at=NOW, seen_at=NOW
    )
    SignInLink.objects.create(
        kind="sign-in", user=user, digest=b"0" * 32, created_at=NOW, expires_at=NOW + DAY
    )
