"""Operations that change rules: drafts and their steps, publishing one, withdrawing the one in force."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.jurisdiction.core.document import load_files
from readiness.jurisdiction.models import RulePack
from readiness.jurisdiction.versions import VERSIONS
from web.actor import acting

SHIPPED = Path(__file__).parent / "data" / "muster-rules-1.yaml"

make_draft, edit, replace, discard = VERSIONS.make_draft, VERSIONS.edit, VERSIONS.replace, VERSIONS.discard
withdraw = VERSIONS.withdraw


@transaction.atomic
def publish_shipped(*, now: datetime) -> RulePack | None:
    """Put the pack that comes with Muster in force where there is none at all; an operator's choice is left alone."""
    if RulePack.objects.exists():
        return None
    pack = load_files({SHIPPED.name: SHIPPED.read_text(encoding="utf-8")})
    with acting(None, message=f"Publish rules {pack.version}"):
        row = VERSIONS.create(pack, by=None, now=now)
        row.status, row.published_at = RulePack.Status.PUBLISHED, now
        row.save()
    return row


def publish(draft: RulePack, *, digest: str, because: str = "", by: User, now: datetime) -> RulePack:
    """Put a draft in force, and take out what was. Raises as `Versioned.publish` does, and ValidationError."""

    def columns(row: RulePack) -> dict[str, str]:
        if len(because) > 2000:
            raise ValidationError({"because": ["2,000 characters at most."]})
        return {"published_because": because.strip()}

    return VERSIONS.publish(draft, digest=digest, by=by, now=now, columns=columns)


def with_rule(definition: Mapping[str, Any], rule: Mapping[str, Any], *, was: str = "") -> dict[str, Any]:
    rules = [dict(rule) if was and each["id"] == was else each for each in definition["rules"]]
    is_there = any(was and each["id"] == was for each in definition["rules"])
    return {**definition, "rules": rules if is_there else [*rules, dict(rule)]}


def without_rule(definition: Mapping[str, Any], slug: str) -> dict[str, Any]:
    return {**definition, "rules": [rule for rule in definition["rules"] if rule["id"] != slug]}
