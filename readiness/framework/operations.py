"""Publishing a version of the framework."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from readiness.framework.core.loading import load
from readiness.framework.core.mapping import to_mapping
from readiness.framework.models import FrameworkVersion
from web.actor import acting

SHIPPED = Path(__file__).parent / "data" / "muster-1"


class VersionExistsError(ValueError):
    """A version of that name is stored already; published definitions are never rewritten."""


@transaction.atomic
def publish(definition: Mapping[str, Any] | Path, *, by: User | None, now: datetime) -> FrameworkVersion:
    """Check a definition, store it as a new version and put it in force; the one in force until now retires.

    Raises DefinitionError naming the field at fault, VersionExistsError for a name that is taken.
    """
    framework = load(definition)
    if FrameworkVersion.objects.filter(version=framework.version).exists():
        raise VersionExistsError(f"Version {framework.version} is stored already.")
    with acting(by, message=f"Publish framework {framework.version}"):
        FrameworkVersion.objects.published().update(status=FrameworkVersion.Status.RETIRED)
        return FrameworkVersion.objects.create(
            version=framework.version,
            title=framework.title,
            status=FrameworkVersion.Status.PUBLISHED,
            definition=to_mapping(framework),
            digest=framework.content_digest,
            created_at=now,
            published_at=now,
        )


def publish_shipped(*, now: datetime) -> FrameworkVersion | None:
    """Put the version that comes with Muster in force where none is; an operator's choice is left alone."""
    if FrameworkVersion.objects.published().exists():
        return None
    return publish(SHIPPED, by=None, now=now)
