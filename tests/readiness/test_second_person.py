"""One person with several accounts tries every order of steps: none leads alone through what asks for two people.

`ada` is an administrator and `bea` a viewer; both accounts were linked to one person within 30 days. `eve` is made by
whoever can. All three are in one person's hands, so whatever any two of them do to each other is one person's work.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import operations as accounts
from accounts.models import AccountTie, User
from readiness.assessment.evidence.models import Attestation, Review, SignOff
from readiness.assessment.evidence.operations import confirm as confirm_attestation
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants import operations as grants
from readiness.assessment.grants.models import Grant
from readiness.golive.models import Approver
from readiness.golive.reviews import operations as reviews
from readiness.organisation.people.models import Person, Qualification, SkillExemption
from readiness.organisation.people.operations import confirming, request_link, save_person, staff, unlink
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from web.actor import acting
from web.workflows import NotInState
from web.workflows.models import Approval

DAY = timedelta(days=1)
REFUSED = (PermissionDenied, ValidationError, NotInState, accounts.NotAllowed, IntegrityError)
NAMES = ("ada", "bea", "eve")
CHECK = "p2-power-headroom"


def users():
    return list(User.objects.filter(username__in=NAMES).order_by("username"))


def relink(person, user, by, now):
    if person.user_id is not None:
        unlink(person, by=by, now=now)
    request_link(person, user=user, by=by, now=now)
    staff.confirm_link(Person.objects.get(pk=person.pk), by=user, now=now)


@dataclass
class World:
    """What one search works on; `subject` are the steps of one matter beside those of accounts and links."""

    subject: object
    now: object = NOW
    seen: dict = field(default_factory=dict)
    approved: int = 0

    def around(self):
        """Steps with accounts and people, which every matter has."""
        ada = User.objects.get(username="ada")
        for by in users():
            if by.has_perm("accounts.add_user") and not User.objects.filter(username="eve").exists():
                yield lambda by=by: accounts.create_user(username="eve", role="manager", by=by, now=self.now)
            for user in users():
                if by.has_perm("accounts.change_user"):
                    yield lambda by=by, user=user: accounts.set_role(
                        user, role="manager", by=by, now=self.now
                    )
                for person in Person.objects.order_by("pk"):
                    if by != user:
                        yield lambda by=by, user=user, person=person: relink(person, user, by, self.now)
        for person in Person.objects.exclude(user=None).order_by("pk"):
            yield lambda person=person: unlink(person, by=ada, now=self.now)
            yield lambda person=person: save_person(person, left_at=self.now, by=ada, now=self.now)

    def state(self):
        ties = AccountTie.objects.values_list("account", "by", "person_id", "kind", "ended_at")
        roles = User.groups.through.objects.values_list("user", "group")
        persons = Person.objects.values_list("pk", "user", "left_at")
        approvals = Approval.objects.values_list("table", "first", "second")
        return (
            frozenset(ties), frozenset(roles), frozenset(persons), frozenset(approvals), self.subject.state()
        )  # fmt: skip

    def search(self, depth, check):
        key = self.state()
        if depth == 0 or self.seen.get(key, 0) >= depth:
            return
        self.seen[key] = depth
        for step in [*self.subject.steps(self.now), *self.around()]:
            with suppress(Undone, *REFUSED), transaction.atomic():
                step()
                self.look_on(depth, check)

    def look_on(self, depth, check):
        check()
        self.approved += Approval.objects.count()
        self.search(depth - 1, check)
        raise Undone

    def wander(self, random, depth, check):
        """Take so many steps, each at random among those that are not refused; every other one is of the matter."""
        with suppress(Undone), transaction.atomic():
            for _ in range(depth):
                own, around = [*self.subject.steps(self.now)], [*self.around()]
                random.shuffle(own), random.shuffle(around)
                steps = [*own, *around] if random.random() < 0.5 else [*around, *own]
                if not any(map(is_taken, steps)):
                    break
                check()
                self.approved += Approval.objects.count()
            raise Undone


def is_taken(step):
    with suppress(*REFUSED), transaction.atomic():
        step()
        return True
    return False


class Undone(Exception):
    """The step was looked at, and is taken back."""


class Waiver:
    def __init__(self):
        self.site = made.site(slug="porto")

    def steps(self, now):
        for by in users():
            if not Grant.objects.exists():
                yield lambda by=by: grants.request(
                    site=self.site, kind="waiver", check_id=CHECK, reason="UPS B", ends_at=now + 9 * DAY,
                    gate=Gate.COND, excluded=False, by=by, now=now,
                )  # fmt: skip
            for grant in Grant.objects.all():
                yield lambda by=by, grant=grant: grants.approve(grant, note="", by=by, now=now)

    def state(self):
        return frozenset(Grant.objects.values_list("requested_by", "approver", "state"))

    def answered(self):
        return Grant.objects.filter(state="approved").values_list("pk", flat=True)

    table = "grants.grant"


class Statement:
    """An attestation for which a person without an account is named."""

    table = "evidence.attestation"

    def __init__(self):
        self.site = made.site(slug="porto")

    def steps(self, now):
        for by in users():
            if not Attestation.objects.exists():
                yield lambda by=by: Attestation.objects.create(
                    site=self.site, check_id=CHECK, statement="So it is.", attested_by="Somebody", by=by,
                    recorded_at=now, taken_at=now, taken_on=now.date(),
                )  # fmt: skip
            for attestation in Attestation.objects.all():
                yield lambda by=by, each=attestation: confirm_attestation(each, by=by, now=now)

    def state(self):
        return frozenset(Attestation.objects.values_list("by", "confirmed_by"))

    def answered(self):
        return Attestation.objects.exclude(confirmed_by=None).values_list("pk", flat=True)


class Skilled:
    """A qualification of somebody, assessed by somebody else, neither of whom ever signed in."""

    table = "people.qualification"

    def __init__(self):
        self.holder, self.assessor = people.person(name="Holder"), people.person(name="Assessor")
        self.skill = people.skill()

    def steps(self, now):
        for by in users():
            if not Qualification.objects.exists():
                yield lambda by=by: self.enter(by, now)
            for qualification in Qualification.objects.all():
                yield lambda by=by, each=qualification: confirming.confirm(each, by=by, now=now)

    def enter(self, by, now):
        if not by.has_perm("people.add_qualification"):
            raise PermissionDenied
        with acting(by):
            Qualification.objects.create(
                person=self.holder,
                skill=self.skill,
                basis="assessed",
                assessed_by=self.assessor,
                shown_at=now,
            )

    def state(self):
        return frozenset(Qualification.objects.values_list("entered_by", "confirmed_by"))

    def answered(self):
        return Qualification.objects.counting(NOW + DAY).values_list("pk", flat=True)


class Exempt:
    table = "people.skillexemption"

    def __init__(self):
        self.person, self.skill = people.person(name="Holder"), people.skill()

    def steps(self, now):
        for by in users():
            if not SkillExemption.objects.exists() and by.has_perm("people.add_skillexemption"):
                yield lambda by=by: people.exemption(
                    self.person, self.skill, granted_by=by, approved_at=None, begins_at=now, ends_at=now + DAY
                )
            for exemption in SkillExemption.objects.all():
                yield lambda by=by, each=exemption: confirming.approve(each, by=by, now=now)

    def state(self):
        return frozenset(SkillExemption.objects.values_list("granted_by", "approved_by"))

    def answered(self):
        return SkillExemption.objects.counting(NOW + timedelta(hours=1)).values_list("pk", flat=True)


class Signature:
    table = "evidence.review"

    def __init__(self):
        self.site = made.site(slug="porto", stage="commissioning")

    def steps(self, now):
        review = Review.objects.first()
        for by in users():
            if review is None:
                yield lambda by=by: reviews.open_review(site=self.site, by=by, now=now)
            for user in users():
                yield lambda by=by, user=user: reviews.add_approver(
                    domain="compute", user=user, by=by, now=now
                )
                if review is not None:
                    yield lambda by=by, user=user: reviews.name_approver(
                        review, domain="compute", approver=user, by=by, now=now
                    )
            if review is not None:
                yield lambda by=by: reviews.sign(review, note="", by=by, now=now)

    def state(self):
        return (
            frozenset(SignOff.objects.values_list("domain", "approver", "named_by", "state")),
            frozenset(Review.objects.values_list("opened_by", flat=True)),
            frozenset(Approver.objects.values_list("user", "added_by")),
        )

    def answered(self):
        return SignOff.objects.filter(state="signed").values_list("review", flat=True)


@pytest.fixture
def ada(db, user_of):
    """The administrator, with a second account that was linked to the same person until ten days ago."""
    ada, bea = user_of("admin", username="ada"), user_of("viewer", username="bea")
    person = people.person(name="Ada", user=bea, user_confirmed_at=NOW - 400 * DAY)
    Person.objects.filter(pk=person.pk).update(user=None, user_confirmed_at=None)
    AccountTie.objects.filter(account=bea).update(ended_at=NOW - 10 * DAY)
    Person.objects.filter(pk=person.pk).update(
        requested_user=ada, requested_by=bea, requested_at=NOW - 10 * DAY
    )
    Person.objects.filter(pk=person.pk).update(
        user=ada, user_confirmed_at=NOW - 10 * DAY, requested_user=None, requested_by=None, requested_at=None
    )
    return ada


def hands():
    """The accounts that are in one person's hands."""
    return [user.pk for user in users()]


SUBJECTS = [Waiver, Statement, Skilled, Exempt, Signature]
# All orders of three steps, and some of five: all of five take an hour.
ALL_OF, SOME_OF, SOME = 3, 5, 60


def look_at_orders(world, check):
    world.search(ALL_OF, check)
    assert len(world.seen) > ALL_OF
    random = Random(5)
    for _ in range(SOME):
        world.wander(random, SOME_OF, check)


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.lower())
def test_nobody_approves_alone_under_the_strict_setting(ada, subject, settings, frozen_now):
    settings.STRICT_SECOND_PERSON = True
    world = World(subject())

    def check():
        alone = Q(first__in=hands()) & Q(second__in=hands())
        assert list(Approval.objects.filter(alone).values_list("table", "step", "first", "second")) == []
        assert list(world.subject.answered()) == []

    look_at_orders(world, check)


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.lower())
def test_without_it_every_such_approval_is_flagged(ada, subject, settings, frozen_now):
    settings.STRICT_SECOND_PERSON = False
    world = World(subject())

    def check():
        assert list(Approval.objects.filter(flags=[]).values_list("table", "step", "first", "second")) == []
        approved = Approval.objects.filter(table=world.subject.table).values_list("object_id", flat=True)
        assert set(world.subject.answered()) <= set(approved)

    look_at_orders(world, check)
    assert world.approved > 0
