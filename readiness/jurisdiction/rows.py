"""Turns rows of the database into the frozen values of core, and back."""

from __future__ import annotations

from readiness.jurisdiction.core.mapping import category_mapping
from readiness.jurisdiction.core.pack import (
    Category,
    Citation,
    GroupMembership,
    LegalBasis,
    PackGroup,
    RulePackDocument,
    RuleTerms,
)
from readiness.jurisdiction.core.vocabulary import RuleEffect, RuleKind
from readiness.jurisdiction.models import CountryGroup, GroupMember, Rule, RulePack


def pack_from(row: RulePack) -> RulePackDocument:
    """Three statements: rules, groups, members."""
    groups = row.groups.prefetch_related("members").order_by("position", "slug")
    return RulePackDocument(
        version=row.version,
        title=row.title,
        note=row.note,
        as_of=row.as_of,
        check_again_days=row.check_again_days,
        categories=tuple(
            Category(
                category["id"], category["name"], tuple(category.get("implies", ())), category.get("note", "")
            )
            for category in row.categories
        ),
        bases=tuple(LegalBasis(basis["id"], basis["name"]) for basis in row.bases),
        groups=tuple(_group(group) for group in groups),
        rules=tuple(rule_from(rule) for rule in row.rules.order_by("position", "slug")),
        content_digest=row.digest,
    )


def rule_from(row: Rule) -> RuleTerms:
    return RuleTerms(
        id=row.slug,
        title=row.title,
        kind=RuleKind(row.kind),
        jurisdiction=row.jurisdiction,
        citation=Citation(row.instrument, row.article, row.source_url),
        effect=RuleEffect(row.effect),
        origins=frozenset(row.origins),
        categories=frozenset(row.categories),
        places=frozenset(row.places),
        places_except=frozenset(row.places_except),
        bases=tuple(row.bases),
        instead_of=frozenset(row.instead_of),
        in_force_from=row.in_force_from,
        in_force_until=row.in_force_until,
        checked_on=row.checked_on,
        sector=row.sector,
        note=row.note,
    )


def _group(row: CountryGroup) -> PackGroup:
    members = tuple(
        GroupMembership(member.country, member.since, member.until) for member in row.members.all()
    )
    return PackGroup(
        row.slug, row.name, Citation(row.instrument, row.article, row.source_url), members, row.note
    )


def write(row: RulePack, pack: RulePackDocument) -> None:
    """The row and its rules and groups as `pack` says; rules that stay as they are keep their row and history."""
    row.title, row.note, row.as_of = pack.title, pack.note, pack.as_of
    row.check_again_days, row.digest = pack.check_again_days, pack.content_digest
    row.categories = [category_mapping(category) for category in pack.categories]
    row.bases = [{"id": basis.id, "name": basis.name} for basis in pack.bases]
    row.save()
    _write_rules(row, pack)
    _write_groups(row, pack)


def _write_rules(row: RulePack, pack: RulePackDocument) -> None:
    stored = {each.slug: each for each in row.rules.all()}
    wanted = {rule.id: _columns(rule, position) for position, rule in enumerate(pack.rules)}
    row.rules.exclude(slug__in=wanted).delete()
    new, changed = [], []
    for slug, columns in sorted(wanted.items()):
        row_of_rule = stored.get(slug)
        if row_of_rule is None:
            new.append(Rule(pack=row, slug=slug, **columns))
        elif any(getattr(row_of_rule, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row_of_rule, name, value)
            changed.append(row_of_rule)
    Rule.objects.bulk_create(new)
    if changed:
        Rule.objects.bulk_update(changed, list(next(iter(wanted.values()))))


def _columns(rule: RuleTerms, position: int) -> dict[str, object]:
    return {
        "position": position,
        "title": rule.title,
        "kind": str(rule.kind),
        "jurisdiction": rule.jurisdiction,
        "sector": rule.sector,
        "instrument": rule.citation.instrument,
        "article": rule.citation.article,
        "source_url": rule.citation.url,
        "effect": str(rule.effect),
        "origins": sorted(rule.origins),
        "categories": sorted(rule.categories),
        "places": sorted(rule.places),
        "places_except": sorted(rule.places_except),
        "bases": list(rule.bases),
        "instead_of": sorted(rule.instead_of),
        "in_force_from": rule.in_force_from,
        "in_force_until": rule.in_force_until,
        "checked_on": rule.checked_on,
        "note": rule.note,
    }


def _write_groups(row: RulePack, pack: RulePackDocument) -> None:
    """Groups are few and change seldom: those that differ are written anew."""
    stored = {each.slug: (each, _group(each)) for each in row.groups.prefetch_related("members")}
    row.groups.exclude(slug__in=pack.groups_by_id).delete()
    for position, group in enumerate(pack.groups):
        row_of_group, value = stored.get(group.id, (None, None))
        if row_of_group is not None and value == group and row_of_group.position == position:
            continue
        columns = {
            "position": position,
            "name": group.name,
            "instrument": group.citation.instrument,
            "article": group.citation.article,
            "source_url": group.citation.url,
            "note": group.note,
        }
        written, _made = CountryGroup.objects.update_or_create(pack=row, slug=group.id, defaults=columns)
        if value is None or value.members != group.members:
            written.members.all().delete()
            GroupMember.objects.bulk_create(
                GroupMember(
                    group=written,
                    position=place,
                    country=member.country,
                    since=member.since,
                    until=member.until,
                )
                for place, member in enumerate(group.members)
            )
