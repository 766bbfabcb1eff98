"""Columns of the lists of rules and of packs."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.filters import RuleFilters, RulePackFilters
from readiness.jurisdiction.models import Rule, RulePack
from web.tables import Column, Table


def rules(pack: RulePackDocument, today: date) -> Table:
    """List the rules of one pack by jurisdiction; doubts are those of `today`."""

    def covers(row: Rule) -> str:
        return sentences.covers(pack.rules_by_id[row.slug], pack)

    def standing(row: Rule) -> str:
        return sentences.standing(pack.rules_by_id[row.slug], pack, today)

    return Table(
        id="rules",
        noun=(_("rule"), _("rules")),
        label=_("Rules of jurisdiction"),
        columns=(
            Column("jurisdiction", _("Jurisdiction"), sort="jurisdiction", phone="hide"),
            Column("title", _("Rule"), url=url_of, sort="title", locked=True, phone="title"),
            Column(
                "effect",
                _("Says"),
                template="readiness/jurisdiction/answer_cell.html",
                sort="effect",
                phone="status",
                export=lambda row: row.effect,
            ),
            Column("kind", _("Question"), value="kind", sort="kind"),
            Column("covers", _("Covers"), value=covers, phone="full"),
            Column("citation", _("Citation"), value=_cited, phone="full"),
            Column("standing", _("In force"), value=standing, sort="in_force_from"),
            Column("checked_on", _("Checked"), sort="checked_on"),
            Column("sector", _("Sector"), sort="sector", default=False),
            Column("slug", _("Slug"), sort="slug", default=False),
            Column("source_url", _("Source"), default=False),
        ),
        filterset=RuleFilters,
        row_id="pk",
        row_url=url_of,
        api="jurisdiction-api-rule-list",
        group_by=("jurisdiction",),
        per_page=100,
        empty={"title": _("No rule"), "text": _("None matches these filters."), "icon": "scale"},
    )


def packs() -> Table:
    return Table(
        id="rule-packs",
        noun=(_("pack"), _("packs")),
        label=_("Packs of rules"),
        columns=(
            Column(
                "status",
                _("Status"),
                template="readiness/jurisdiction/status_cell.html",
                sort="status",
                phone="status",
                export=lambda row: row.status,
            ),
            Column("version", _("Version"), url=pack_url, sort="version", locked=True, phone="title"),
            Column("title", _("Title"), sort="title", phone="full"),
            Column("rule_count", _("Rules"), sort="rule_count", numeric=True),
            Column("as_of", _("As of"), sort="as_of"),
            Column("made_from", _("Made from"), value="made_from.version", sort="made_from__version"),
            Column("by", _("By"), value=_who, hint=_("Who published it; of a draft, who edited it last")),
            Column("published_at", _("Published"), sort="published_at"),
            Column("withdrawn_at", _("Withdrawn"), sort="withdrawn_at"),
            Column("edited_at", _("Edited"), sort="edited_at", default=False),
            Column("created_at", _("Made"), sort="created_at", default=False),
            Column("digest", _("Digest"), default=False),
        ),
        filterset=RulePackFilters,
        row_id="pk",
        row_name="version",
        row_url=pack_url,
        api="jurisdiction-api-rule-pack-list",
        empty={"title": _("No pack"), "text": _("None matches these filters."), "icon": "scale"},
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
    return by or gettext("shipped with Muster")
