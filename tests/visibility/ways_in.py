"""Rows of sessions, one-time links, a service account and a replica for the scene."""

from datetime import timedelta

from accounts.models import (
    AccessScope,
    ExternalIdentity,
    RecoveryCode,
    SecondFactor,
    Session,
    SignInLink,
)
from telemetry.models import Replica, Source
from tests.conftest import make_user
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
    Replica.objects.create(
        source=Source.objects.first(),
        number=2,
        name="b",
        first_sample_at=NOW,
        removed_at=NOW,
        removed_by=user,
    )
    come_by_provider(user)
    make_user("ops", username="loader", kind="service", owner=user, purpose="Writes the inventory")


def come_by_provider(user):
    """Give the user an account at the provider, and a second factor with a recovery code."""
    SecondFactor.objects.create(user=user, kind="app", name="Authenticator app", secret=b"x", created_at=NOW)
    RecoveryCode.objects.create(user=user, digest=b"x" * 32, created_at=NOW)
    ExternalIdentity.objects.create(
        user=user, issuer="https://id.example.org", subject="s-1", groups=["porto"], seen_at=NOW
    )
