"""Convert rules between rows and core documents; drafts, publishing, and withdrawing."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from readiness.demand.jurisdiction.core.pack import RulePackDocument, dump, load, load_files
from readiness.demand.jurisdiction.models import CountryGroup, GroupMember, Rule, RulePack
from web.actor import acting
from web.versioned.core.comparing import DocumentChange, fields_changed
from web.versioned.core.documents import written
from web.versioned.versions import Versioned

MAY_SEE = "jurisdiction.view_rule"
HEAD = ("title", "note", "as_of", "check_again_days")
RENAMED = {"id": "slug"}
CITED = {"instrument": "instrument", "article": "article", "url": "source_url"}
"""Columns that have other names in documents, where a citation is a mapping of its own."""
RULE_COLUMNS = (
    *("id", "title", "kind", "jurisdiction", "effect", "origins", "categories", "places", "places_except"),
    *("bases", "instead_of", "in_force_from", "in_force_until", "checked_on", "sector", "note"),
)
GROUP_COLUMNS = ("id", "name", "note")
MEMBER_COLUMNS = ("country", "since", "until")


def pack_from(row: RulePack) -> RulePackDocument:
    """Takes three statements: rules, groups, members."""
    groups = row.groups.prefetch_related("members").order_by("position", "slug")
    return load(
        {
            "version": row.version,
            **_read(row, HEAD),
            "categories": row.categories,
            "bases": row.bases,
            "groups": [_group_item(group) for group in groups],
            "rules": [rule_item(rule) for rule in row.rules.order_by("position", "slug")],
        }
    )


def rule_item(row: Rule) -> dict[str, Any]:
    return {**_read(row, RULE_COLUMNS), "citation": _citation(row)}


def _group_item(row: CountryGroup) -> dict[str, Any]:
    members = [_read(member, MEMBER_COLUMNS) for member in row.members.all()]
    item = {**_read(row, GROUP_COLUMNS), "citation": _citation(row)}
    return {**item, "members": members} if members else item


def _read(row: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    values = {key: written(getattr(row, RENAMED.get(key, key))) for key in keys}
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def changes_of(before: Rule, after: Rule) -> list[DocumentChange]:
    return list(fields_changed("", _words(before), _words(after)))


def _words(row: Rule) -> dict[str, str]:
    names = [RENAMED.get(key, key) for key in (*RULE_COLUMNS, *CITED.values())]
    values = {str(Rule._meta.get_field(name).verbose_name): getattr(row, name) for name in names}  # type: ignore[union-attr]
    return {
        label: ", ".join(value) if isinstance(value, list) else str(value or "")
        for label, value in values.items()
    }


def _citation(row: Rule | CountryGroup) -> dict[str, str]:
    return {key: getattr(row, column) for key, column in CITED.items()}


def write(row: RulePack, pack: RulePackDocument) -> None:
    for name in HEAD:
        setattr(row, name, getattr(pack, name))
    row.digest = pack.content_digest
    row.categories, row.bases = written(pack.categories), written(pack.bases)
    row.save()
    _write_rules(row, pack)
    _write_groups(row, pack)


def _write_rules(row: RulePack, pack: RulePackDocument) -> None:
    stored = {each.slug: each for each in row.rules.all()}
    rules = {rule.id: _columns(rule, RULE_COLUMNS, position) for position, rule in enumerate(pack.rules)}
    row.rules.exclude(slug__in=rules).delete()
    new, changed = [], []
    for slug, columns in sorted(rules.items()):
        if slug not in stored:
            new.append(Rule(pack=row, **columns))
        elif any(getattr(stored[slug], name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(stored[slug], name, value)
            changed.append(stored[slug])
    Rule.objects.bulk_create(new)
    if changed:
        Rule.objects.bulk_update(changed, list(next(iter(rules.values()))))


def _columns(value: Any, keys: tuple[str, ...], position: int) -> Mapping[str, Any]:
    columns: dict[str, Any] = {RENAMED.get(key, key): _column(getattr(value, key)) for key in keys}
    cited = {column: getattr(value.citation, key) for key, column in CITED.items()}
    return {"position": position, **columns, **cited}


def _column(value: Any) -> Any:
    return written(value) if isinstance(value, frozenset | tuple) else value


def _write_groups(row: RulePack, pack: RulePackDocument) -> None:
    """Groups are few and seldom change, so changed ones are rewritten."""
    stored = {
        each.slug: (each.position, _group_item(each)) for each in row.groups.prefetch_related("members")
    }
    row.groups.exclude(slug__in=pack.groups_by_id).delete()
    for position, group in enumerate(pack.groups):
        item = written(group)
        before = stored.get(group.id)
        if before == (position, item):
            continue
        columns = dict(_columns(group, GROUP_COLUMNS, position))
        new, _made = CountryGroup.objects.update_or_create(
            pack=row, slug=columns.pop("slug"), defaults=columns
        )
        if before is None or before[1].get("members") != item.get("members"):
            new.members.all().delete()
            GroupMember.objects.bulk_create(
                GroupMember(
                    group=new, position=place, **{key: getattr(member, key) for key in MEMBER_COLUMNS}
                )
                for place, member in enumerate(group.members)
            )


VERSIONS: Versioned[RulePack, RulePackDocument] = Versioned(
    model=RulePack,
    noun="rules",
    prefix="muster-rules",
    read=load,
    load=load_files,
    files=lambda pack: {f"{pack.version}.yaml": dump(pack)},
    dump=dump,
    stored=pack_from,
    store=write,
    dependents=(Rule, CountryGroup, GroupMember),
)


SHIPPED = Path(__file__).parent / "data" / "muster-rules-1.yaml"

make_draft, edit, replace, discard = VERSIONS.make_draft, VERSIONS.edit, VERSIONS.replace, VERSIONS.discard
withdraw = VERSIONS.withdraw


@transaction.atomic
def publish_shipped(*, now: datetime) -> RulePack | None:
    """Put the pack shipped with Muster in force if there is no pack at all; an operator's choice stays."""
    if RulePack.objects.exists():
        return None
    pack = load_files({SHIPPED.name: SHIPPED.read_text(encoding="utf-8")})
    with acting(None, message=f"Publish rules {pack.version}"):
        row = VERSIONS.create(pack, by=None, now=now)
        row.status, row.published_at = RulePack.Status.PUBLISHED, now
        row.save()
    return row


def publish(draft: RulePack, *, digest: str, because: str = "", by: User, now: datetime) -> RulePack:
    def columns(row: RulePack) -> dict[str, str]:
        if len(because) > 2000:
            raise ValidationError({"because": ["Enter at most 2,000 characters."]})
        return {"published_because": because.strip()}

    return VERSIONS.publish(draft, digest=digest, by=by, now=now, columns=columns)


def replace_rule(definition: Mapping[str, Any], rule: Mapping[str, Any], *, was: str = "") -> dict[str, Any]:
    rules = [dict(rule) if was and each["id"] == was else each for each in definition["rules"]]
    is_there = any(was and each["id"] == was for each in definition["rules"])
    return {**definition, "rules": rules if is_there else [*rules, dict(rule)]}


def remove_rule(definition: Mapping[str, Any], slug: str) -> dict[str, Any]:
    return {**definition, "rules": [rule for rule in definition["rules"] if rule["id"] != slug]}
