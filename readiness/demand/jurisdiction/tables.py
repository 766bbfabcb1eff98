"""Columns of the lists of rules and of packs."""

from datetime import date

import django_filters

from readiness.demand.jurisdiction.core import sentences
from readiness.demand.jurisdiction.core.pack import RulePackDocument
from readiness.demand.jurisdiction.models import Rule, RulePack
from web import links
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.versioned.views import version_table


class ListContains(django_filters.CharFilter):
    """Rules whose list contains the name as written: a country code, a group, a kind of data."""

    def __init__(self, field: str, label: object) -> None:
        super().__init__(field_name=field, lookup_expr="contains", label=label, max_length=60)

    def filter(self, queryset, value):  # type: ignore[no-untyped-def]
        return queryset.filter(**{f"{self.field_name}__contains": [value]}) if value else queryset


class RuleFilters(ObjectFilterSet):
    origin = ListContains("origins", "origin")
    category = ListContains("categories", "kind of data")
    place = ListContains("places", "place")
    version = django_filters.CharFilter(field_name="pack__version", label="pack", max_length=50)

    class Meta:
        model = Rule
        fields = [
            *("pack", "slug", "title", "kind", "jurisdiction", "sector", "effect", "instrument", "article"),
            *("in_force_from", "in_force_until", "checked_on"),
        ]
        search_fields = ["slug", "title", "jurisdiction", "sector", "instrument", "article", "note"]
        panel = ["kind", "effect", "jurisdiction", "sector"]


class RulePackFilters(ObjectFilterSet):
    class Meta:
        model = RulePack
        fields = [
            *("version", "title", "status", "digest", "as_of", "made_from"),
            *("created_at", "published_at", "withdrawn_at", "created_by", "published_by"),
        ]
        search_fields = ["version", "title", "note"]
        panel = ["status", "created_by", "published_by"]


def rules(pack: RulePackDocument, today: date) -> Table:
    def covers(row: Rule) -> str:
        return sentences.covers(pack.rules_by_id[row.slug], pack)

    def period(row: Rule) -> str:
        return sentences.period_in_force(pack.rules_by_id[row.slug], pack, today)

    return Table(
        id="rules",
        noun=("rule", "rules"),
        label="Rules of jurisdiction",
        columns=(
            Column("jurisdiction", "Jurisdiction", sort="jurisdiction", phone="hide"),
            Column("title", "Rule", url=links.page_url, sort="title", locked=True, phone="title"),
            Column("effect", "Effect", template="readiness/jurisdiction/answer_cell.html", sort="effect",
                   phone="status", export=lambda row: row.effect),
            Column("kind", "Question", value="kind", sort="kind"),
            Column("covers", "Covers", value=covers, phone="full"),
            Column("citation", "Citation", value=lambda row: f"{row.instrument}, {row.article}", phone="full"),
            Column("standing", "In force", value=period, sort="in_force_from"),
            Column("checked_on", "Checked", sort="checked_on"),
            Column("sector", "Sector", sort="sector", default=False),
            Column("slug", "Slug", sort="slug", default=False),
            Column("source_url", "Source", default=False),
        ),
        filterset=RuleFilters,
        row_id="pk",
        api="jurisdiction-api-rule-list",
        group_by=("jurisdiction",),
        per_page=100,
        empty={"title": "No rule", "text": "No rule matches these filters.", "icon": "scale"},
    )  # fmt: skip


def packs() -> Table:
    return version_table(
        Column("title", "Title", sort="title", phone="full"),
        Column("rule_count", "Rules", sort="rule_count", numeric=True),
        Column("as_of", "As of", sort="as_of"),
        Column("withdrawn_at", "Withdrawn", sort="withdrawn_at"),
        name="rule-packs",
        noun=("pack", "packs"),
        label="Packs of rules",
        filterset=RulePackFilters,
        api="jurisdiction-api-rule-pack-list",
    )
