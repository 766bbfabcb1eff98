"""Drafts of the framework: made, edited in steps, refused, published by another, and gone back from."""

import copy
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from readiness.assessment.framework import operations, queries
from readiness.assessment.framework.core.editing import (
    GivenThreshold,
    replace_check,
    replace_part,
    replace_pillar,
    threshold,
)
from readiness.assessment.framework.core.thresholds import OperatorDecision
from readiness.assessment.framework.models import DraftStep, FrameworkVersion
from tests.readiness.assessment.framework.test_minimums import first_version
from web.versioned.core.documents import DocumentError, written
from web.versioned.versions import NeedsReason, NotADraft

pytestmark = pytest.mark.django_db
MIRA = OperatorDecision(by="Mira Kovač", on="2026-11-25")
PART = "checks[p2-backup-power].parts[output-load]"
HUGE = {"value": 10**400, "source": "OD"}
LOAD = ("p2-backup-power", "output-load")


def texts(stored):
    return [change.text for change in queries.stored_changes(stored)]


@pytest.fixture
def make(planner, frozen_now):
    def draft(version="", made_from=None, by=planner, **given):
        base = made_from or queries.current()[0]
        return operations.make_draft(made_from=base, version=version, by=by, now=frozen_now.at, **given)

    return draft


@pytest.fixture
def edit(planner, frozen_now):
    def step(draft, change, revision=None, by=planner):
        return operations.edit(draft, change, revision=revision, by=by, now=frozen_now.at)

    return step


def louder(definition, at=70):
    """The load of a UPS passes to 70 %."""
    warn = {"value": 100, "source": "OD"}
    return replace_part(definition, *LOAD, {"pass": {"value": at, "source": "OD"}, "warn": warn})


def test_steps_are_kept_with_who_and_what(make, edit, planner, user_of, frozen_now):
    draft = edit(make(), louder, revision=1)
    frozen_now.move(minutes=5)
    other = user_of("planner", username="ines", name="Ines Costa")
    renamed = {"name": "Backup power holds"}
    draft = edit(draft, lambda d: replace_check(d, "p2-backup-power", renamed), revision=2, by=other)
    told = "p2-backup-power / output-load: pass ≤ 80 % → ≤ 70 %"
    name = (
        f"p2-backup-power: claim {queries.current()[1].check('p2-backup-power').claim} → Backup power holds"
    )
    assert [(step.revision, step.by, texts(step.changes)) for step in queries.steps(draft)] == [
        (3, other, [name]),
        (2, planner, [told]),
        (1, planner, []),
    ]
    assert texts(draft.changes) == [name, told]
    assert (draft.edited_by, draft.edited_at, draft.revision) == (other, frozen_now.at, 3)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: replace_check(d, "p2-backup-power", {"gate": "MAYBE"}), "checks[p2-backup-power].gate"),
        (lambda d: replace_part(d, *LOAD, {"unit": "kW"}), f"{PART}.unit"),
        (lambda d: replace_part(d, *LOAD, {"pass": {"value": 80}}), f"{PART}.pass.source"),
        (lambda d: {**d, "counts": {**d["counts"], "p1": 9}}, "counts.p1"),
        (lambda d: replace_pillar(d, "p1", {"id": "p6"}), "checks[p1-commissioning-l5].pillar"),
        (lambda d: {**d, "weights": {**d["weights"], "COND": 10**400}}, "weights.COND"),
        (lambda d: replace_part(d, *LOAD, {"pass": HUGE}), f"{PART}.pass.value"),
        (lambda d: {**d, "title": "\x00"}, "title"),
        (lambda d: {**d, "title": "\ud800"}, "title"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_changes_nothing(make, edit, change, path):
    draft = make()
    with pytest.raises(DocumentError) as refused:
        edit(draft, change)
    assert refused.value.path == path
    draft.refresh_from_db()
    assert (draft.revision, draft.changes) == (1, [])


def test_a_pillar_is_neither_added_nor_taken(make, edit):
    def fewer(definition):
        kept = [one for one in definition["checks"] if one["pillar"] != "p5"]
        counts = {key: count for key, count in definition["counts"].items() if key != "p5"}
        pillars = [one for one in definition["pillars"] if one["id"] != "p5"]
        return {**definition, "checks": kept, "counts": counts, "pillars": pillars}

    with pytest.raises(DocumentError, match="must be p1, p2, p3, p4, p5"):
        edit(make(), fewer)


class TestNewFigures:
    before = {"value": 80, "source": "S5", "note": "Read there"}

    def test_need_a_source(self):
        with pytest.raises(DocumentError, match="say where it comes from") as refused:
            threshold("pass", self.before, GivenThreshold({"value": 70}, note="x"), MIRA)
        assert refused.value.path == "pass.source"

    def test_may_be_an_own_decision_with_a_sentence_and_a_name(self):
        with pytest.raises(DocumentError, match="says why"):
            threshold("pass", self.before, GivenThreshold({"value": 70}, source="own"), MIRA)
        decided = threshold("pass", self.before, GivenThreshold({"value": 70}, "own", "Old batteries"), MIRA)
        assert decided == {
            "value": 70, "source": "own", "note": "Old batteries",
            "decided_by": "Mira Kovač", "decided_on": "2026-11-25",
        }  # fmt: skip

    def test_that_are_the_old_ones_keep_their_label_and_who_decided(self):
        same = {"value": 80}
        assert threshold("pass", self.before, GivenThreshold(same, note="Read there"), MIRA) == self.before
        own = {"value": 80, "source": "own", "note": "y", "decided_by": "Ines", "decided_on": "2026-01-01"}
        assert threshold("pass", own, GivenThreshold(same, note="y"), MIRA) == own

    def test_may_be_none(self):
        assert threshold("warn", self.before, GivenThreshold({}), MIRA) is None


def test_whoever_edited_publishes_only_with_a_reason(make, edit, admin, frozen_now):
    draft = edit(make(by=admin), louder, by=admin)
    publish = partial(operations.publish_draft, draft, digest=draft.digest, by=admin, now=frozen_now.at)
    with pytest.raises(NeedsReason, match="You edited this draft yourself"):
        publish()
    assert publish(override_reason="Nobody else is here").override_reason == "Nobody else is here"


def test_a_copy_of_what_one_edited_is_no_second_look(make, edit, admin, manager, frozen_now):
    edited = edit(make(by=admin), louder, by=admin)
    copy = make(made_from=make(made_from=edited), by=admin)
    publish = partial(operations.publish_draft, copy, digest=copy.digest, now=frozen_now.at)
    with pytest.raises(NeedsReason, match=f"You edited {edited}, which this is a copy of"):
        publish(by=admin)
    assert publish(by=manager).override_reason == ""


def test_what_was_edited_after_the_copy_was_made_is_not_in_it(make, edit, admin, frozen_now):
    edited = make(by=admin)
    copy = make(made_from=edited)
    frozen_now.move(minutes=1)
    edit(edited, louder, by=admin)
    assert (
        operations.publish_draft(copy, digest=copy.digest, by=admin, now=frozen_now.at).override_reason == ""
    )


def test_the_database_holds_that_the_publisher_is_another(make, edit, planner, frozen_now):
    draft = edit(make(), louder)
    with pytest.raises(IntegrityError, match="framework_publisher_is_another"), transaction.atomic():
        FrameworkVersion.objects.filter(pk=draft.pk).update(published_by=planner)


def test_a_draft_is_thrown_away_with_its_steps(make, edit, planner):
    operations.discard(edit(make(), louder), revision=2, by=planner)
    assert (FrameworkVersion.objects.count(), DraftStep.objects.count()) == (1, 0)


def test_going_back_is_a_new_version_that_names_the_old_one(make, edit, manager, frozen_now):
    first = queries.current()[0]
    draft = edit(make(), louder)
    operations.publish_draft(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    go_back = partial(operations.roll_back, first, by=manager, now=frozen_now.at)
    with pytest.raises(ValidationError, match="Enter a reason"):
        go_back(note=" ")
    back = go_back(note="Too strict")
    assert (back.version, back.rolls_back_to, back.status, back.note) == (
        "muster-4",
        first,
        "published",
        "Too strict",
    )
    assert texts(back.changes) == ["p2-backup-power / output-load: pass ≤ 70 % → ≤ 80 %"]
    assert queries.difference(first, back) == ()
    assert list(FrameworkVersion.objects.order_by("pk").values_list("version", "status")) == [
        ("muster-2", "retired"), ("muster-3", "retired"), ("muster-4", "published"),
    ]  # fmt: skip
    with pytest.raises(NotADraft, match="was in force before"):
        operations.roll_back(back, note="again", by=manager, now=frozen_now.at)


def test_a_draft_may_begin_as_another_definition(make, planner):
    definition = louder(copy.deepcopy(queries.current()[0].definition))
    draft = make("own", definition=definition)
    assert texts(draft.changes) == ["p2-backup-power / output-load: pass ≤ 80 % → ≤ 70 %"]
    assert draft.edited_by == planner


def test_what_the_version_in_force_lacks_of_the_shipped_one_is_drafted(admin, manager, frozen_now):
    assert queries.shipped_offer() is None
    with pytest.raises(operations.NothingToAdd, match="lacks nothing of muster-2"):
        operations.draft_shipped(by=admin, now=frozen_now.at)
    operations.publish(written(first_version()), by=None, now=frozen_now.at)
    offer = queries.shipped_offer()
    assert (offer.version, offer.draft) == ("muster-2", None)
    assert {change.field for change in offer.changes} == {"minimums", "added"}
    draft = operations.draft_shipped(by=admin, now=frozen_now.at)
    assert (draft.made_from.version, draft.edited_by) == ("muster-1", admin)
    assert queries.stored_changes(draft.changes) == list(offer.changes)
    assert queries.shipped_offer().draft == draft
    with pytest.raises(NeedsReason, match="a second person"):
        operations.publish_draft(draft, digest=draft.digest, by=admin, now=frozen_now.at)
    operations.publish_draft(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    assert queries.shipped_offer() is None
