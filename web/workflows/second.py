"""Second persons: which accounts can be one person's, which steps that refuses, and what an approval rests on.

Accounts that are linked to one person, now or within WITHIN, count as one person, always; so do a service account and
its owner. An account that another one made, gave its role, opened by a password or token, or owned until a handover
within WITHIN may be in the same hands: an approval between the two is flagged, and refused under the setting
MUSTER_STRICT_SECOND_PERSON. Both reach on from account to account.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, Func, Model, OuterRef, Q
from django.db.models.expressions import RawSQL

from accounts.models import AccountTie, User
from web import scopes
from web.workflows.models import Approval, ApprovalFlag

WITHIN = timedelta(days=30)
"""For how long a tie counts after it ended. Operator-set default: longer than a request usually waits."""
Kind = AccountTie.Kind
FLAG_OF: Mapping[str, ApprovalFlag] = {
    Kind.MADE: ApprovalFlag.YOUNG,
    Kind.ROLE: ApprovalFlag.ROLE,
    Kind.OPENED: ApprovalFlag.OPENED,
}
# UNION leaves out accounts that were met before, so the search ends.
_ACCOUNTS = """
    WITH RECURSIVE hands (account_id) AS (
        SELECT %s::bigint
        UNION
        SELECT other.account_id FROM hands CROSS JOIN LATERAL (
            SELECT theirs.account_id FROM accounts_accounttie AS mine
            JOIN accounts_accounttie AS theirs ON theirs.person_id = mine.person_id
            WHERE mine.account_id = hands.account_id AND coalesce(mine.ended_at, 'infinity') >= %s
                AND coalesce(theirs.ended_at, 'infinity') >= %s
            UNION ALL SELECT made.account_id FROM accounts_accounttie AS made
            WHERE %s AND made.by_id = hands.account_id AND made.ended_at >= %s
            UNION ALL SELECT maker.by_id FROM accounts_accounttie AS maker
            WHERE %s AND maker.account_id = hands.account_id AND maker.by_id IS NOT NULL AND maker.ended_at >= %s
            UNION ALL SELECT owned.id FROM accounts_user AS owned WHERE owned.owner_id = hands.account_id
            UNION ALL SELECT program.owner_id FROM accounts_user AS program
            WHERE program.id = hands.account_id AND program.owner_id IS NOT NULL
        ) AS other
    )
    SELECT account_id FROM hands
"""


type Firsts = Iterable[tuple[int | None, datetime | None]]
"""Accounts that acted before, each with the instant."""


class SamePerson(PermissionDenied):
    """A second person must take this step."""


SAME_ACCOUNT = "You took part in this yourself: a second person must take this step."
ONE_PERSON = (
    f"Your account and the one that was first here belong to one person, or did within {WITHIN.days} days, or one is a"
    " service account that the other owns: a second person must take this step."
)
IN_ONE_HAND = (
    f"Your account and the one that was first here are too close: within {WITHIN.days} days one made the other, gave"
    " it its role, its password or a token, or owned it, or a third account did so for both. This installation"
    " refuses that (MUSTER_STRICT_SECOND_PERSON): somebody else must take this step."
)
NO_PERSON = "A service account is no person: a person must take this step."
OWN_ROLE = (
    f"Your account gave itself its role within {WITHIN.days} days. This installation refuses that"
    " (MUSTER_STRICT_SECOND_PERSON): somebody else must take this step."
)


def is_strict() -> bool:
    return bool(settings.STRICT_SECOND_PERSON)


def accounts_of_person(
    by: Any, *, now: datetime, since: datetime | None = None, loosely: bool = False
) -> RawSQL:
    """The keys of all accounts of this account's person, itself among them; as a subquery, so it takes no statement.

    `since` is when the other one acted; ties within WITHIN before that count as well. With `loosely` accounts that
    may be in the same hands are among them.
    """
    return _accounts(by, _start(now, since), loosely=loosely)


def _accounts(by: Any, start: datetime, *, loosely: bool) -> RawSQL:
    return RawSQL(_ACCOUNTS, (by.pk, start, start, loosely, start, loosely, start))


def own_accounts(by: Any, *, now: datetime) -> RawSQL:
    """The accounts whose steps `by` cannot be the second person for, by the setting in force."""
    return accounts_of_person(by, now=now, loosely=is_strict())


def same_person(one: User, other: User, *, now: datetime, since: datetime | None = None) -> bool:
    if one.pk == other.pk:
        return True
    return User.objects.filter(pk=other.pk, pk__in=accounts_of_person(one, now=now, since=since)).exists()


def others(path: str, by: Any, now: datetime) -> Q:
    """A condition: the account at this path is somebody else's, so that `by` can be the second person.

    Ties from before the last WITHIN are left to `refuse_same_person`, which knows when the other one acted.
    """
    condition = ~Q(**{f"{path}__in": own_accounts(by, now=now)})
    if is_strict():
        own_role = AccountTie.objects.filter(account=by.pk, by=by.pk, ended_at__gte=now - WITHIN)
        condition &= Q(~Exists(own_role))
    return condition


def refuse_same_person(first: int | None, by: Any, *, now: datetime, since: datetime | None = None) -> None:
    """Raise SamePerson unless `by` is another person than the account `first`, which acted at `since`."""
    refuse_same_people([(first, since)], by, now=now)


def refuse_same_people(firsts: Firsts, by: Any, *, now: datetime) -> None:
    """Raise SamePerson unless `by` is another person than all of these. One statement."""
    acted = [(first, _start(now, since)) for first, since in firsts if first is not None]
    if any(first == by.pk for first, _ in acted):
        raise SamePerson(SAME_ACCOUNT)
    if not acted:
        return
    if by.is_service:
        raise SamePerson(NO_PERSON)
    ties = _ties(by, min(start for _, start in acted))
    for first, start in acted:
        closeness = _closeness(ties, first, by, start)
        if closeness.is_one_person:
            raise SamePerson(ONE_PERSON)
        if is_strict() and closeness.way:
            raise SamePerson(IN_ONE_HAND)
        if is_strict() and closeness.has_own_role:
            raise SamePerson(OWN_ROLE)


def approval_flags(
    first: int, by: Any, *, now: datetime, since: datetime | None = None
) -> frozenset[ApprovalFlag]:
    """Reasons for an administrator to look at an approval by `by`. One statement."""
    start = _start(now, since)
    return _closeness(_ties(by, start), first, by, start).flags


@dataclass(frozen=True, slots=True)
class Closeness:
    """The ties that lead from one account to another, none if nothing does."""

    way: tuple[AccountTie, ...]
    has_own_role: bool

    @property
    def is_one_person(self) -> bool:
        return bool(self.way) and all(tie.kind == Kind.PERSON for tie in self.way)

    @property
    def flags(self) -> frozenset[ApprovalFlag]:
        flags = {FLAG_OF[tie.kind] for tie in self.way if tie.kind != Kind.PERSON}
        if links := [tie for tie in self.way if tie.kind == Kind.PERSON]:
            is_shared = all(tie.ended_at is None for tie in links)
            flags.add(ApprovalFlag.SHARED if is_shared else ApprovalFlag.RELINKED)
        if self.has_own_role:
            flags.add(ApprovalFlag.OWN_ROLE)
        return frozenset(flags)


def _start(now: datetime, since: datetime | None) -> datetime:
    return (min(now, since) if since else now) - WITHIN


def _ties(by: Any, start: datetime) -> list[AccountTie]:
    """The ties that have lasted since `start` among the accounts that may be in the same hands as this one.

    A service account is tied to its owner as a person's accounts are to each other.
    """
    hands = _accounts(by, start, loosely=True)
    lasting = AccountTie.objects.filter(Q(ended_at=None) | Q(ended_at__gte=start), account__in=hands)
    owners = User.objects.filter(pk__in=hands, owner__isnull=False).order_by("pk").values_list("pk", "owner")
    ownership = [AccountTie(account_id=pk, by_id=owner, kind=Kind.PERSON) for pk, owner in owners]
    return [*lasting.order_by("pk"), *ownership]


def _closeness(ties: Iterable[AccountTie], first: int, by: Any, start: datetime) -> Closeness:
    lasting = [tie for tie in ties if tie.ended_at is None or tie.ended_at >= start]
    links = [tie for tie in lasting if tie.kind == Kind.PERSON]
    own_role = any(tie.by_id == tie.account_id == by.pk for tie in lasting)
    return Closeness(tuple(_way(links, first, by.pk) or _way(lasting, first, by.pk)), own_role)


type _Node = tuple[str, int | None]


def _way(ties: Iterable[AccountTie], first: int, second: int) -> list[AccountTie]:
    """The fewest ties that lead from one account to the other; none if nothing does."""
    beside: dict[_Node, list[tuple[_Node, AccountTie]]] = defaultdict(list)
    for tie in ties:
        ends: tuple[_Node, _Node] = (
            ("account", tie.account_id),
            ("account", tie.by_id) if tie.by_id else ("person", tie.person_id),
        )
        beside[ends[0]].append((ends[1], tie))
        beside[ends[1]].append((ends[0], tie))
    start: _Node = ("account", first)
    ways: dict[_Node, list[AccountTie]] = {start: []}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other, tie in beside[node]:
            if other not in ways:
                ways[other] = [*ways[node], tie]
                queue.append(other)
    return ways.get(("account", second), [])


@dataclass(frozen=True, slots=True)
class SecondPerson[T: Model]:
    """A step's need for a second person: `firsts` acted on its object before."""

    firsts: Callable[[T, Any], Firsts]

    def refuse(self, obj: T, by: Any, now: datetime) -> None:
        refuse_same_people(self.firsts(obj, by), by, now=now)

    def record(self, obj: T, step: str, by: Any, now: datetime) -> None:
        record(obj, step, self.firsts(obj, by), by=by, now=now)


def first_in(account: str, at: str) -> SecondPerson[Any]:
    """The second person after the account in one column, which acted at the instant in another one."""
    return SecondPerson(lambda obj, by: [(getattr(obj, f"{account}_id"), getattr(obj, at))])


def record(
    obj: Model,
    step: str,
    firsts: Firsts,
    *,
    by: Any,
    now: datetime,
    flags: Iterable[ApprovalFlag] = (),
) -> None:
    """Keep who was the second person, and what that rests on; of several first persons the one closest to them."""
    acted = [(first, since) for first, since in firsts if first is not None]
    if not acted:
        return
    if by.is_service:
        raise SamePerson(NO_PERSON)
    ties = _ties(by, min(_start(now, since) for _, since in acted))
    candidates = [
        (_closeness(ties, first, by, _start(now, since)).flags, first, since) for first, since in acted
    ]
    rests_on, first, since = max(candidates, key=lambda each: len(each[0]))
    with scopes.everything():
        Approval.objects.create(
            table=obj._meta.label_lower,
            object_id=obj.pk,
            site_id=getattr(obj, "site_id", None),
            step=step,
            first_id=first,
            second=by,
            asked_at=since,
            at=now,
            flags=sorted(rests_on.union(flags)),
        )


def note_link(user: User, *, now: datetime) -> None:
    """A link came into force: flag the approvals of the last WITHIN between accounts that are one person's by it."""
    accounts = accounts_of_person(user, now=now)
    between = Approval.objects.filter(at__gte=now - WITHIN, first__in=accounts, second__in=accounts)
    unmarked = between.exclude(flags__overlap=[ApprovalFlag.SHARED, ApprovalFlag.RELINKED])
    with scopes.everything():
        for approval in unmarked.order_by("pk"):
            approval.flags = sorted({*approval.flags, ApprovalFlag.RELINKED})
            approval.save(update_fields=["flags"])


def flags_of(model: type[Model]) -> ArraySubquery:
    """An annotation `approval_flags`: what the approvals of each row rest on."""
    approvals = Approval.objects.filter(table=model._meta.label_lower, object_id=OuterRef("pk"))
    flags = approvals.annotate(flag=Func(F("flags"), function="unnest")).order_by("flag")
    return ArraySubquery(flags.values("flag").distinct())
