"""Change approvers, reviews and their actions: open, sign, decide, close."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from inventory.models import Site, SiteChange
from inventory.operations import set_stage
from readiness.assessment.evidence.models import Review, ReviewAction, SigningDomain, SignOff
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.operations import NotEvaluable, evaluate_one
from readiness.golive.models import Approver
from readiness.golive.reviews.queries import counts_of, frozen, obstacles, standing_of
from readiness.golive.reviews.second_persons import DECIDES, DECIDING, SIGNING, SIGNS, sign_off_of
from readiness.organisation.ownership import deputies
from web import clock
from web.workflows import NotInState, Turn, Workflow, require, require_words, still_there
from web.workflows.waiting import subjects_by

MAY_NAME = "golive.add_approver"
MAY_REMOVE = "golive.delete_approver"


def candidates(site: Site) -> dict[str, list[User]]:
    """People who may sign in each domain, by username; one statement.

    A site's approvers replace those for all sites.
    """
    own: dict[str, list[User]] = defaultdict(list)
    everywhere: dict[str, list[User]] = defaultdict(list)
    approvers = Approver.objects.filter(Q(site=site) | Q(site=None), user__is_active=True).select_related(
        "user"
    )
    for approver in approvers.order_by("user__username"):
        (own if approver.site_id else everywhere)[approver.domain].append(approver.user)
    return {domain: own.get(domain) or everywhere.get(domain, []) for domain in SigningDomain.values}


@transaction.atomic
def add_approver(*, domain: str, user: User, site: Site | None = None, by: User, now: datetime) -> Approver:
    """Add an approver. Raises MissingPermission; ValidationError where the person is named there already."""
    require(by, MAY_NAME)
    approver = Approver(domain=domain, user=user, site=site, added_at=now, added_by=by)
    approver.clean_fields(exclude=["user", "site"])
    if Approver.objects.filter(domain=domain, user=user, site=site).exists():
        raise ValidationError({"user": f"{user} is named there already."})
    approver.save(force_insert=True)
    return approver


@transaction.atomic
def remove_approver(approver: Approver, *, by: User, now: datetime) -> None:
    require(by, MAY_REMOVE)
    Approver.objects.filter(pk=approver.pk).delete()


MAY_SEE = "evidence.view_review"
MAY_OPEN = "evidence.add_review"
MAY_CHANGE = "evidence.change_review"
MAY_DECIDE = "evidence.decide_review"


class NotNamed(PermissionDenied):
    """The review asks somebody else to sign."""


OPEN = (Review.State.OPEN,)
REVIEWS = Workflow(
    model=Review, states=dict(Review.State.choices), joined=("site",), refusal="{object} has ended: {state}."
)


@transaction.atomic
def open_review(
    *, site: Site, note: str = "", approvers: Mapping[str, User | None] | None = None, by: User, now: datetime
) -> Review:
    """Open a review and ask the five domains to sign.

    A domain's only approver is named automatically unless already asked for another domain. Raises MissingPermission,
    and ValidationError by field: a stage without a verdict, an open review, a person who may not sign for the domain or
    is named twice.
    """
    require(by, MAY_OPEN)
    if not site.has_verdict:
        stage = site.get_stage_display().lower()
        raise ValidationError(
            {"site": f"{site.name} is {stage}: only sites in commissioning or production are reviewed."}
        )
    # The lock makes two simultaneous openings wait; the constraint is the final guard.
    still_there(Site.objects.select_for_update(no_key=True), site.pk)
    if (other := Review.objects.filter(site=site, state=Review.State.OPEN).first()) is not None:
        raise ValidationError({"site": f"{site.name} has an open review already: {other}."})
    review = Review(site=site, note=note.strip(), opened_by=by, opened_at=now)
    review.full_clean(exclude=["site", "opened_by", "ended_by", "framework_version"])
    review.save(force_insert=True)
    approver_by_domain = _named(site, approvers or {})
    SignOff.objects.bulk_create(
        SignOff(
            review=review,
            domain=domain,
            approver=approver_by_domain[domain],
            named_by=by if approver_by_domain[domain] else None,
        )
        for domain in SigningDomain.values
    )
    claim(review)
    return review


@transaction.atomic
def name_approver(review: Review, *, domain: str, approver: User | None, by: User, now: datetime) -> SignOff:
    """Ask this person for the domain's answer. Another person's answer is dropped, but a signature stays."""
    require(by, MAY_CHANGE)
    locked = REVIEWS.locked(review)
    REVIEWS.refuse_unless(locked, OPEN, now)
    sign_off = locked.sign_offs.get(domain=domain)
    if sign_off.state == SignOff.State.SIGNED:
        raise NotInState(f"{sign_off.get_domain_display()} has signed already.")
    if approver is not None:
        _refuse_unnamed(locked.site, domain, approver)
        if locked.sign_offs.exclude(pk=sign_off.pk).filter(approver=approver).exists():
            raise ValidationError({"approver": _twice(approver)})
    sign_off.approver, sign_off.state = approver, SignOff.State.WAITING
    sign_off.named_by = by if approver else None
    sign_off.signed_by, sign_off.answered_at, sign_off.note = None, None, ""
    sign_off.save()
    return sign_off


def _refuse_stranger(review: Review, by: User) -> None:
    sign_off = sign_off_of(review, by)
    if sign_off is None:
        raise NotNamed(f"You are not named for any domain of {review}.")
    if by not in candidates(review.site)[sign_off.domain]:
        domain = sign_off.get_domain_display()
        raise NotNamed(f"You may no longer sign for {domain} at {review.site.name}.")


@REVIEWS.step(after=OPEN, any_of=(MAY_SEE,), refuse=_refuse_stranger, second=SIGNS, turn=SIGNING)
def sign(review: Review, *, note: str, by: User, now: datetime) -> SignOff:
    """Sign for your domain."""
    return _save_answer(review, SignOff.State.SIGNED, note, by, now)


@REVIEWS.step(after=OPEN, any_of=(MAY_SEE,), refuse=_refuse_stranger, must_say=True)
def decline(review: Review, *, note: str, by: User, now: datetime) -> SignOff:
    """Decline to sign, with a reason. A signature can be withdrawn this way until the decision."""
    return _save_answer(review, SignOff.State.DECLINED, note, by, now)


@REVIEWS.step(after=OPEN, any_of=(MAY_DECIDE,), fields=("decision",), second=DECIDES, turn=DECIDING)
def decide(review: Review, *, decision: str, note: str, by: User, now: datetime) -> None:
    """Decide go or no-go; go sets the site to production.

    The site is evaluated first, so that the decision rests on the present state. A go needs five signatures, no open
    action that is critical or undated, and every BLOCK check acceptable or under an exception; ValidationError names
    everything that is missing. A no-go needs a reason, which becomes a critical action, so that the check fails until
    the next review.
    """
    if decision not in (Review.State.GO, Review.State.NO_GO):
        raise ValidationError({"decision": "Enter go or no-go."})
    try:
        evaluate_one(site=review.site, now=now)
    except NotEvaluable as error:
        raise ValidationError({"decision": str(error)}) from error
    version, framework = framework_queries.current()
    if decision == Review.State.GO:
        if reasons := obstacles(counts_of(review), standing_of(review.site), framework):
            raise ValidationError({"decision": reasons})
    else:
        require_words("note", note)
    review.snapshot = frozen(review.site, framework, now=now)
    review.framework_version = version
    if decision == Review.State.NO_GO and not review.actions.filter(closed_at=None, critical=True).exists():
        ReviewAction.objects.create(
            review=review, title=note[:300], critical=True, owner=by, opened_by=by, opened_at=now
        )
    _end(review, Review.State(decision), note, by, now)
    if decision == Review.State.GO:
        set_stage(site_id=review.site_id, stage=Site.Stage.PRODUCTION, message=f"{review}: go")


@REVIEWS.step(after=OPEN, any_of=(MAY_CHANGE,), must_say=True)
def cancel(review: Review, *, note: str, by: User, now: datetime) -> None:
    """Cancel the review, with a reason."""
    _end(review, Review.State.CANCELLED, note, by, now)


def _named(site: Site, approvers: Mapping[str, User | None]) -> dict[str, User | None]:
    approver_by_domain: dict[str, User | None] = dict.fromkeys(SigningDomain.values)
    if unknown := sorted(set(approvers) - set(approver_by_domain)):
        raise ValidationError({"approvers": f"There is no domain {', '.join(unknown)}."})
    may = candidates(site)
    for domain, user in approvers.items():
        if user is not None:
            _refuse_unnamed(site, domain, user)
            if user in approver_by_domain.values():
                raise ValidationError({"approvers": _twice(user)})
            approver_by_domain[domain] = user
    for domain in SigningDomain.values:
        if (
            domain not in approvers
            and len(may[domain]) == 1
            and may[domain][0] not in approver_by_domain.values()
        ):
            approver_by_domain[domain] = may[domain][0]
    return approver_by_domain


def _twice(user: User) -> str:
    return f"Nobody may sign for two domains of one review: {user} is already named for another."


def _refuse_unnamed(site: Site, domain: str, user: User) -> None:
    if domain not in SigningDomain.values:
        raise ValidationError({"domain": f"There is no domain {domain}."})
    if user not in candidates(site)[domain]:
        label = SigningDomain(domain).label
        raise ValidationError({"approver": f"{user} may not sign for {label} at {site.name}."})


def _save_answer(review: Review, state: SignOff.State, note: str, by: User, now: datetime) -> SignOff:
    sign_off = review.sign_offs.get(approver=by)
    if sign_off.state == state:
        raise NotInState("You have already given this answer.")
    sign_off.state, sign_off.signed_by, sign_off.answered_at, sign_off.note = state, by, now, note
    sign_off.full_clean(exclude=["review", "approver", "signed_by"])
    sign_off.save()
    claim(review)
    return sign_off


def _end(review: Review, state: Review.State, note: str, by: User, now: datetime) -> None:
    review.state, review.ended_by, review.ended_at, review.end_note = state, by, now, note
    review.clean_fields(exclude=["site", "opened_by", "ended_by", "framework_version"])
    review.save()
    claim(review)


def claim(review: Review) -> None:
    """Mark the site for evaluation, because its check reads the review."""
    SiteChange.objects.create(site_id=review.site_id, origin=SiteChange.Origin.EVIDENCE)


MOST_ACTIONS = 100
"""Largest number of actions of one review. Operator-set default: more actions are a project, not a review."""
NOT_CANCELLED = set(Review.State.values) - {Review.State.CANCELLED}


def _state_of(action: ReviewAction, now: datetime) -> str:
    if action.review.state == Review.State.CANCELLED:
        return "cancelled"
    return "open" if action.is_open else "closed"


ACTIONS = Workflow(
    model=ReviewAction,
    states={"open": "open", "closed": "closed already", "cancelled": "of a review that is cancelled"},
    state_of=_state_of,
    joined=("review__site",),
    lock_before=lambda action: REVIEWS.locked(action.review),
    refusal="The action is {state}.",
)
CHANGED = ("title", "critical", "owner", "owner_name", "due_on")


@transaction.atomic
def add_action(
    review: Review,
    *,
    title: str,
    critical: bool = False,
    owner: User | None = None,
    owner_name: str = "",
    due_on: date | None = None,
    by: User,
    now: datetime,
) -> ReviewAction:
    """People named to sign may add an action, and so may users who may change the review."""
    refuse_others(review.pk, by=by)
    locked = REVIEWS.locked(review)
    REVIEWS.refuse_unless(locked, NOT_CANCELLED, now)
    if locked.actions.count() >= MOST_ACTIONS:
        raise ValidationError(f"A review has {MOST_ACTIONS} actions at most.")
    action = ReviewAction(
        review=locked,
        title=title.strip(),
        critical=critical,
        owner=owner,
        owner_name=owner_name.strip(),
        due_on=due_on,
        opened_by=by,
        opened_at=now,
    )
    action.full_clean(exclude=["review", "opened_by", "closed_by"])
    action.save(force_insert=True)
    claim(locked)
    return action


@transaction.atomic
def change_action(action: ReviewAction, *, by: User, now: datetime, **values: Any) -> ReviewAction:
    """`values` are title, critical, owner, owner_name, due_on."""
    require(by, MAY_CHANGE)
    locked = ACTIONS.locked(action)
    ACTIONS.refuse_unless(locked, ["open"], now)
    for field in values.keys() & set(CHANGED):
        value = values[field]
        setattr(locked, field, value.strip() if isinstance(value, str) else value)
    locked.full_clean(exclude=["review", "opened_by", "closed_by"])
    locked.save(update_fields=CHANGED)
    claim(locked.review)
    return locked


def _refuse_who_is_not_owner(action: ReviewAction, by: User) -> None:
    """The owner of an action may close it too, and who acts for them at the site."""
    if action.owner_id != by.pk and not _represents_owner(action, by, clock.now()):
        require(by, MAY_CHANGE)


def _represents_owner(action: ReviewAction, by: User, now: datetime) -> bool:
    return deputies.represents(by, owner_id=action.owner_id, site_id=action.review.site_id, now=now)


CLOSING = Turn(
    kind="Close an action",
    verb="Close",
    tab="reviews",
    page="review-action",
    of=lambda by, now: (
        Q(Q(owner=by) | deputies.owner_represented_by(by, now, site="review__site"), closed_at=None)
        & ~Q(review__state=Review.State.CANCELLED)
    ),
    subjects=subjects_by(lambda action: action.title),
    site=lambda action: action.review.site,
    asked_by=lambda action: action.opened_by,
    since="opened_at",
    due="due_on",
    joined=("review__site", "opened_by"),
)


@ACTIONS.step(after=["open"], any_of=(MAY_SEE,), refuse=_refuse_who_is_not_owner, longest=500, turn=CLOSING)
def close(action: ReviewAction, *, note: str, by: User, now: datetime) -> None:
    """Close an action."""
    if _represents_owner(action, by, now):
        deputies.note_deputy("the owner")
    action.closed_by, action.closed_at, action.close_note = by, now, note
    action.clean_fields(exclude=["review", "opened_by", "closed_by", "owner"])
    action.save(update_fields=["closed_by", "closed_at", "close_note"])
    claim(action.review)


def refuse_others(review_id: int, *, by: User) -> None:
    """Raise MissingPermission for users who neither may change the review nor are named in it."""
    is_approver = SignOff.objects.filter(review=review_id, approver=by).exists()
    require(by, MAY_SEE if is_approver else MAY_CHANGE)
