"""Packs in the database: what is shipped, drafts in steps, publishing, and what the database itself refuses."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import SiteChange
from readiness.demand.jurisdiction import operations, queries
from readiness.demand.jurisdiction.core.deciding import Request
from readiness.demand.jurisdiction.core.pack import load
from readiness.demand.jurisdiction.models import CountryGroup, GroupMember, Rule, RulePack
from readiness.demand.jurisdiction.operations import pack_from
from tests.inventory import made
from tests.readiness.demand.jurisdiction.core.test_shipped_rules import PACK
from tests.readiness.demand.jurisdiction.small_pack import rule, small
from web.versioned.core.documents import DocumentError, written
from web.versioned.versions import NothingPublished, NotInForce, StaleRevision

pytestmark = pytest.mark.django_db
HERE = Request("DE", frozenset({"personal"}), "FR")


@pytest.fixture
def now(frozen_now):
    return frozen_now.at


@pytest.fixture
def draft(planner, now):
    return operations.make_draft(made_from=queries.in_force(), definition=small(), by=planner, now=now)


def published(draft, manager, now):
    draft.refresh_from_db()
    return operations.publish(draft, digest=draft.digest, because="Checked", by=manager, now=now)


def answer(*, pack=None):
    return queries.decision(HERE, on=date(2026, 6, 1), pack=pack)[1].residency.answer


def test_the_shipped_pack_is_in_force_and_says_what_its_file_says():
    row, content = queries.current()
    assert (row.version, row.published_by) == ("muster-rules-1", None)
    assert content == PACK
    assert operations.publish_shipped(now=row.created_at) is None


def test_what_is_written_is_read_again(draft):
    assert written(pack_from(draft)) == {**written(load(small())), "version": draft.version}


def test_a_draft_goes_on_in_steps_and_keeps_the_rows_that_stay(draft, planner, now):
    kept = draft.rules.get(slug="inside").pk
    definition = small()
    definition["rules"] = [*definition["rules"][:3], rule("new", "forbidden")]
    definition["groups"][0]["members"].pop()
    after = operations.edit(draft, lambda _was: definition, revision=1, by=planner, now=now)
    assert (after.revision, after.edited_by) == (2, planner)
    assert list(after.rules.values_list("slug", flat=True)) == ["inside", "outside", "adequate", "new"]
    assert after.rules.get(slug="inside").pk == kept
    assert [one.country for one in after.groups.get().members.all()] == ["DE", "FR"]
    assert operations.edit(after, lambda was: was, revision=2, by=planner, now=now).revision == 2
    with pytest.raises(StaleRevision, match="at revision 2, you read revision 1"):
        operations.edit(draft, lambda was: was, revision=1, by=planner, now=now)


def test_a_step_that_does_not_hold_together_changes_nothing(draft, planner, now):
    broken = {**small(), "rules": [rule("fine", "allowed"), rule("broken", "allowed", places=["XX"])]}
    with pytest.raises(DocumentError, match=r"rules\[broken\].places"):
        operations.edit(draft, lambda _was: broken, revision=1, by=planner, now=now)
    draft.refresh_from_db()
    assert (draft.revision, draft.rules.count()) == (1, len(small()["rules"]))


def test_publishing_takes_the_other_out_and_an_old_decision_keeps_its_version(draft, planner, manager, now):
    shipped = queries.in_force()
    assert answer() == "allowed"
    without = {**small(), "rules": [rule("never", "forbidden")]}
    operations.edit(draft, lambda _was: without, revision=1, by=planner, now=now)
    row = published(draft, manager, now)
    shipped.refresh_from_db()
    assert (row.status, row.published_by, row.published_because) == ("published", manager, "Checked")
    assert (shipped.status, shipped.withdrawn_by) == ("withdrawn", manager)
    assert (answer(), answer(pack=shipped)) == ("forbidden", "allowed")


def test_with_nothing_in_force_nothing_is_decided(manager, now):
    row = queries.in_force()
    operations.withdraw(row, by=manager, now=now)
    with pytest.raises(NothingPublished):
        answer()
    with pytest.raises(NotInForce):
        operations.withdraw(row, by=manager, now=now)
    # The next migration leaves the operator's choice alone.
    assert operations.publish_shipped(now=now) is None


def test_every_site_is_claimed_when_other_rules_come_into_force_and_none_before(draft, planner, manager, now):
    made.site(name="Here"), made.site(name="There"), made.site(name="Gone", stage="retired")
    SiteChange.objects.all().delete()
    operations.edit(draft, lambda was: {**was, "title": "Other"}, revision=1, by=planner, now=now)
    assert not SiteChange.objects.exists()
    row = published(draft, manager, now)
    assert {(one.site.name, one.origin) for one in SiteChange.objects.all()} == {
        ("Here", "workload"),
        ("There", "workload"),
    }
    SiteChange.objects.all().delete()
    operations.withdraw(row, by=manager, now=now)
    assert SiteChange.objects.count() == 2


def shipped_rule():
    return Rule.objects.filter(pack=queries.in_force())


WRITES = [
    pytest.param(lambda _: shipped_rule().update(effect="allowed"), id="update-in-force"),
    pytest.param(lambda _: shipped_rule().delete(), id="delete-in-force"),
    pytest.param(
        lambda _: GroupMember.objects.filter(group__pack=queries.in_force()).delete(), id="member-in-force"
    ),
    pytest.param(
        lambda _: CountryGroup.objects.create(
            pack=queries.in_force(),
            slug="x",
            name="X",
            instrument="a",
            article="b",
            source_url="https://x.org",
        ),
        id="group-in-force",
    ),
    pytest.param(lambda draft: RulePack.objects.exclude(pk=draft.pk).delete(), id="delete-the-pack-in-force"),
    pytest.param(lambda _: RulePack.objects.published().update(check_again_days=9), id="pack-in-force"),
    pytest.param(
        lambda draft: RulePack.objects.filter(pk=draft.pk).update(
            status="published", published_at=draft.created_at
        ),
        id="two-in-force",
    ),
    pytest.param(
        lambda draft: RulePack.objects.filter(pk=draft.pk).update(status="published"), id="published-never"
    ),
    pytest.param(lambda draft: draft.rules.update(source_url=""), id="no-source"),
    pytest.param(lambda draft: draft.rules.update(article=" "), id="no-article"),
    pytest.param(
        lambda draft: draft.rules.update(in_force_until=date(2000, 1, 1)), id="ends-before-it-begins"
    ),
    pytest.param(lambda draft: draft.rules.update(effect="needs-basis", bases=[]), id="needs-no-basis"),
    pytest.param(
        lambda draft: draft.rules.update(effect="forbidden", instead_of=["x"]), id="forbids-instead-of"
    ),
    pytest.param(lambda draft: draft.rules.update(effect="perhaps"), id="unknown-effect"),
    pytest.param(lambda draft: draft.rules.update(places=[]), id="covers-nothing"),
    pytest.param(lambda draft: draft.rules.update(slug="same"), id="slug-twice"),
    pytest.param(
        lambda draft: GroupMember.objects.filter(group__pack=draft).update(until=date(1900, 1, 1)),
        id="left-first",
    ),
    pytest.param(
        lambda draft: GroupMember.objects.filter(group__pack=draft).update(country="de"), id="no-country"
    ),
]


@pytest.mark.parametrize("write", WRITES)
def test_the_database_refuses(draft, write):
    with pytest.raises(DatabaseError), transaction.atomic():
        write(draft)


def test_a_step_costs_the_same_with_few_rules_and_many(draft, planner, now):
    def statements(count):
        definition = {**small(), "rules": [rule(f"r-{number}", "allowed") for number in range(count)]}
        with CaptureQueriesContext(connection) as captured:
            operations.edit(draft, lambda _was: definition, revision=None, by=planner, now=now)
        return len(captured)

    few = statements(3)
    assert statements(60) == few
