"""Columns of the lists of rules and of packs."""

from datetime import date

from django.urls import reverse

from accounts.models import User
from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.filters import RuleFilters, RulePackFilters
from readiness.jurisdiction.models import Rule, RulePack
from readiness.jurisdiction.rows import rule_from
from web.tables import Column, Table


def rules(pack: RulePackDocument, today: date) -> Table:
    """List the rules of one pack by jurisdiction; doubts are those of `today`."""

    def covers(row: Rule) -> str:
        return sentences.covers(rule_from(row), pack)

    def standing(row: Rule) -> str:
        return sentences.standing(rule_from(row), pack, today)

    return Table(
        id="rules",
        noun=("rule", "rules"),
        label="Rules of jurisdiction",
        columns=(
            Column("jurisdiction", "Jurisdiction", sort="jurisdiction", phone="hide"),
            Column("title", "Rule", url=url_of, sort="title", locked=True, phone="title"),
            Column(
                "effect",
                "Says",
                template="readiness/jurisdiction/answer_cell.html",
                sort="effect",
                phone="status",
                export=lambda row: row.effect,
            ),
            Column("kind", "Question", value="kind", sort="kind"),
            Column("covers", "Covers", value=covers, phone="full"),
            Column("citation", "Citation", value=_cited, phone="full"),
            Column("standing", "In force", value=standing, sort="in_force_from"),
            Column("checked_on", "Checked", sort="checked_on"),
            Column("sector", "Sector", sort="sector", default=False),
            Column("slug", "Slug", sort="slug", default=False),
            Column("source_url", "Source", default=False),
        ),
        filterset=RuleFilters,
        row_id="pk",
        row_url=url_of,
        api="jurisdiction-api-rule-list",
        group_by=("jurisdiction",),
        per_page=100,
        empty={"title": "No rule", "text": "None matches these filters.", "icon": "scale"},
    )


def packs() -> Table:
    return Table(
        id="rule-packs",
        noun=("pack", "packs"),
        label="Packs of rules",
        columns=(
            Column(
                "status",
                "Status",
                template="readiness/jurisdiction/status_cell.html",
                sort="status",
                phone="status",
                export=lambda row: row.status,
            ),
            Column("version", "Version", url=pack_url, sort="version", locked=True, phone="title"),
            Column("title", "Title", sort="title", phone="full"),
            Column("rule_count", "Rules", sort="rule_count", numeric=True),
            Column("as_of", "As of", sort="as_of"),
            Column("made_from", "Made from", value="made_from.version", sort="made_from__version"),
            Column("by", "By", value=_who, hint="Who published it; of a draft, who edited it last"),
            Column("published_at", "Published", sort="published_at"),
            Column("withdrawn_at", "Withdrawn", sort="withdrawn_at"),
            Column("edited_at", "Edited", sort="edited_at", default=False),
            Column("created_at", "Made", sort="created_at", default=False),
            Column("digest", "Digest", default=False),
        ),
        filterset=RulePackFilters,
        row_id="pk",
        row_name="version",
        row_url=pack_url,
        api="jurisdiction-api-rule-pack-list",
        empty={"title": "No pack", "text": "None matches these filters.", "icon": "scale"},
    )


def url_of(rule: Rule) -> str:
    return reverse("rule", args=[rule.pk])


def pack_url(pack: RulePack) -> str:
    return reverse("rule-pack", args=[pack.pk])


def _cited(rule: Rule) -> str:
    return f"{rule.instrument}, {rule.article}"


def _who(pack: RulePack) -> User | str:
    """The user, so that the table names them as its reader may see."""
    by = pack.published_by if pack.published_at else pack.edited_by or pack.created_by
    return by or "shipped with Muster"
