"""Operations that change rules: drafts and their steps, publishing one, withdrawing the one in force."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.jurisdiction import queries
from readiness.jurisdiction.core.loading import load, load_text
from readiness.jurisdiction.core.mapping import renamed, to_mapping
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from readiness.jurisdiction.refusals import (
    MAY_ADD,
    MAY_DISCARD,
    MAY_EDIT,
    MAY_PUBLISH,
    NotInForce,
    PackNotADraft,
    StalePackRevision,
    require,
)
from readiness.jurisdiction.rows import pack_from, write
from web.actor import acting

type Definition = Mapping[str, Any]

SHIPPED = Path(__file__).parent / "data" / "muster-rules-1.yaml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


@transaction.atomic
def publish_shipped(*, now: datetime) -> RulePack | None:
    """Put the pack that comes with Muster in force where there is none at all; an operator's choice is left alone."""
    if RulePack.objects.exists():
        return None
    pack = load_text(SHIPPED.read_text(encoding="utf-8"), SHIPPED.name)
    with acting(None, message=f"Publish rules {pack.version}"):
        row = _new(pack, made_from=None, by=None, now=now)
        row.status, row.published_at = RulePack.Status.PUBLISHED, now
        row.save()
    return row


@transaction.atomic
def make_draft(
    *,
    made_from: RulePack,
    version: str = "",
    definition: Definition | None = None,
    by: User,
    now: datetime,
) -> RulePack:
    """A draft that says what `made_from` says, or `definition` where one is given; the next number names it if nothing.

    Raises MissingPermission, ValidationError for a name that is taken or none, DefinitionError.
    """
    require(by, MAY_ADD)
    name = _free_name(version)
    says = definition if definition is not None else to_mapping(queries.content_of(made_from))
    pack = load({**says, "version": name})
    with acting(by, message=f"Draft rules {name} from {made_from.version}"):
        return _new(pack, made_from=made_from, by=by, now=now)


@transaction.atomic
def edit(
    draft: RulePack,
    change: Callable[[dict[str, Any]], Definition],
    *,
    revision: int | None,
    by: User,
    now: datetime,
) -> RulePack:
    """One step: `change` gets what the draft says and returns what it shall say; all of it is taken, or nothing.

    `revision` is what the editor had before them; None where an ETag has compared already. A step that changes
    nothing is none. Raises MissingPermission, PackNotADraft, StalePackRevision, DefinitionError.
    """
    require(by, MAY_EDIT)
    locked = _locked_draft(draft, revision=revision)
    return _step(
        locked, load({**change(to_mapping(pack_from(locked))), "version": locked.version}), by=by, now=now
    )


def replace(
    draft: RulePack, pack: RulePackDocument, *, revision: int | None, by: User, now: datetime
) -> RulePack:
    """One step to a pack that was read already: the draft is locked no longer than it takes to compare and write.

    The draft keeps its name. Raises as `edit` does.
    """
    require(by, MAY_EDIT)
    named = renamed(pack, draft.version)
    with transaction.atomic():
        return _step(_locked_draft(draft, revision=revision), named, by=by, now=now)


def _step(locked: RulePack, pack: RulePackDocument, *, by: User, now: datetime) -> RulePack:
    """A step that changes nothing is none."""
    if pack.content_digest == locked.digest:
        return locked
    locked.revision += 1
    locked.edited_at, locked.edited_by = now, by
    with acting(by, message=f"Edit rules {locked.version}, revision {locked.revision}"):
        write(locked, pack)
    return locked


@transaction.atomic
def discard(draft: RulePack, *, revision: int | None = None, by: User) -> None:
    """Throw a draft away. Raises MissingPermission, PackNotADraft, StalePackRevision."""
    require(by, MAY_DISCARD)
    locked = _locked_draft(draft, revision=revision)
    with acting(by, message=f"Discard rules {locked.version}"):
        locked.delete()


@transaction.atomic
def publish(draft: RulePack, *, digest: str, because: str = "", by: User, now: datetime) -> RulePack:
    """Put a draft in force, and take out what was; `digest` is that of the content decided on.

    Raises MissingPermission, PackNotADraft, StalePackRevision, ValidationError.
    """
    require(by, MAY_PUBLISH)
    because = _sentence(because)
    # Before the draft, so that two who publish at once wait for each other in one order.
    before = RulePack.objects.published().select_for_update().first()
    locked = _locked_draft(draft, revision=None)
    if locked.digest != digest:
        raise StalePackRevision(
            "The draft was changed since you read it. Look at it again before you publish it."
        )
    with acting(by, message=f"Publish rules {locked.version}"):
        if before is not None:
            _take_out(before, by=by, now=now)
        locked.status = RulePack.Status.PUBLISHED
        locked.published_at, locked.published_by, locked.published_because = now, by, because
        locked.save()
    return locked


@transaction.atomic
def withdraw(pack: RulePack, *, by: User, now: datetime) -> RulePack:
    """Take the pack in force out, with none in its place: every case turns undecided.

    Raises MissingPermission, NotInForce.
    """
    require(by, MAY_PUBLISH)
    locked = RulePack.objects.select_for_update().get(pk=pack.pk)
    if locked.status != RulePack.Status.PUBLISHED:
        raise NotInForce(f"{locked.version} is not in force.")
    with acting(by, message=f"Withdraw rules {locked.version}"):
        _take_out(locked, by=by, now=now)
    return locked


def with_rule(definition: dict[str, Any], rule: Mapping[str, Any], *, was: str = "") -> dict[str, Any]:
    """The definition with a rule put in the place of the one called `was`, else added at the end."""
    rules = list(definition["rules"])
    places = [place for place, each in enumerate(rules) if was and each["id"] == was]
    for place in places:
        rules[place] = dict(rule)
    return {**definition, "rules": rules if places else [*rules, dict(rule)]}


def without_rule(definition: dict[str, Any], slug: str) -> dict[str, Any]:
    return {**definition, "rules": [rule for rule in definition["rules"] if rule["id"] != slug]}


def _new(pack: RulePackDocument, *, made_from: RulePack | None, by: User | None, now: datetime) -> RulePack:
    row = RulePack(version=pack.version, made_from=made_from, created_at=now, created_by=by)
    write(row, pack)
    return row


def _take_out(row: RulePack, *, by: User, now: datetime) -> None:
    row.status = RulePack.Status.WITHDRAWN
    row.withdrawn_at, row.withdrawn_by = now, by
    row.save()


def _locked_draft(draft: RulePack, *, revision: int | None) -> RulePack:
    locked = (
        RulePack.objects.select_for_update(of=("self",))
        .select_related("edited_by")
        .filter(pk=draft.pk)
        .first()
    )
    if locked is None:
        raise PackNotADraft(f"{draft.version} is gone.")
    if not locked.is_draft:
        raise PackNotADraft(
            f"{locked.version} is or was in force, so it is not changed any more. Make a draft from it."
        )
    if revision is not None and revision != locked.revision:
        message = (
            "%(who)s changed the draft since: it is at revision %(now)s, you read revision %(then)s."
            " Open it again and repeat what still applies."
        )
        raise StalePackRevision(
            message % {"who": locked.edited_by or "Somebody", "now": locked.revision, "then": revision}
        )
    return locked


def _free_name(version: str) -> str:
    if not version:
        return queries.next_name()
    if not _NAME.fullmatch(version):
        message = "Letters, digits, dots, hyphens and underscores, 50 at most, not beginning with a dot."
        raise ValidationError({"version": [message]})
    if RulePack.objects.filter(version=version).exists():
        raise ValidationError({"version": [f"Version {version} is there already."]})
    return version


def _sentence(text: str) -> str:
    if len(text) > 2000:
        raise ValidationError({"because": ["2,000 characters at most."]})
    return text.strip()
