"""The declaration of a step, and its operation: locked, permitted, in the right state, with its words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet

from web import clock
from web.permissions import MissingPermission, roles_of, words_of
from web.workflows.second import SecondPerson
from web.workflows.waiting import Turn, awaits


class NotInState(Exception):
    """The object is in a state that the step does not follow from; the message names the state."""


def require(by: Any, *any_of: str) -> None:
    """Raise MissingPermission with the first of these if the user has none of them."""
    if any_of and not any(by.has_perm(permission) for permission in any_of):
        raise MissingPermission([any_of[0]])


def require_words(name: str, words: str) -> str:
    if not words.strip():
        raise ValidationError({name: ["Enter a reason."]})
    return words.strip()


def still_there[T: Model](rows: QuerySet[T], pk: int) -> T:
    """The row of this key. Raises NotInState where somebody deleted it since it was looked for."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotInState("It is gone.")
    return row


def stored_state(obj: Any, now: datetime) -> str:
    return obj.state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workflow[T: Model]:
    """Objects of `model`, locked with `joined` read along. `states` maps the result of `state_of` to words."""

    model: type[T]
    states: Mapping[str, Any]
    state_of: Callable[[T, datetime], str] = stored_state
    joined: tuple[str, ...] = ()
    lock_before: Callable[[T], object] | None = None
    refusal: str = "It is {state}, so this step is no longer possible."

    def locked(self, obj: T) -> T:
        """Lock the object, so that the second of two simultaneous users sees what the first did."""
        if self.lock_before is not None:
            self.lock_before(obj)
        rows = self.model._default_manager.select_for_update(of=("self",))
        return still_there(rows.select_related(*self.joined) if self.joined else rows, obj.pk)

    def refuse_unless(self, obj: T, states: Collection[str], now: datetime) -> None:
        state = self.state_of(obj, now)
        if state not in states:
            raise NotInState(self.refusal.format(state=str(self.states[state]).lower(), object=obj))

    def step(self, **declared: Any) -> Callable[[Callable[..., Any]], WorkflowStep[T]]:
        """Declare the decorated function as a step: the fields of WorkflowStep, apart from the first two."""

        def declare(act: Callable[..., Any]) -> WorkflowStep[T]:
            step = WorkflowStep(workflow=self, act=act, **declared)
            if step.turn is not None:
                awaits(self.model, *step.any_of, turn=step.turn)
            return step

        return declare


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkflowStep[T: Model]:
    """`act` writes, on the locked object; what it returns is the result, else the object is.

    `after` are the states that it follows from. Whoever has a permission of `any_of` comes to it; `refuse` raises
    PermissionDenied where this object is not theirs to act on, such as a second person's. `words` names the text that
    goes with it, "" for none, and `must_say` asks for it; `fields` are further ones that a form sends.
    With `by_clock` nobody may take it too: `by` None is the clock. `turn` says for whom its objects wait. `second` says
    after whom it needs a second person.
    The first line of the function's docstring is what the API says of it.
    """

    workflow: Workflow[T]
    act: Callable[..., Any]
    after: Collection[str]
    any_of: tuple[str, ...] = ()
    refuse: Callable[[T, Any], None] | None = None
    words: str = "note"
    must_say: bool = False
    longest: int = 2000
    fields: tuple[str, ...] = ()
    by_clock: bool = False
    turn: Turn | None = None
    second: SecondPerson[T] | None = None

    do_not_call_in_templates = True

    @property
    def name(self) -> str:
        return self.act.__name__

    @property
    def summary(self) -> str:
        return (self.act.__doc__ or "").partition("\n")[0].rstrip(".")

    @transaction.atomic
    def __call__(self, obj: T, *, by: Any, now: datetime, **values: Any) -> Any:
        """Raises MissingPermission or what `refuse` raises, NotInState, ValidationError."""
        is_clock = self.by_clock and by is None
        if not is_clock:
            require(by, *self.any_of)
        locked = self.workflow.locked(obj)
        if self.refuse is not None and not is_clock:
            self.refuse(locked, by)
        if self.second is not None and not is_clock:
            self.second.refuse(locked, by, now)
        self.workflow.refuse_unless(locked, self.after, now)
        if self.words:
            words = values.get(self.words, "")
            values[self.words] = require_words(self.words, words) if self.must_say else words.strip()
            if len(values[self.words]) > self.longest:
                raise ValidationError({self.words: [f"{self.longest:,} characters at most."]})
        result = self.act(locked, by=by, now=now, **values)
        if self.second is not None and not is_clock:
            self.second.record(locked, self.name, by, now)
        return locked if result is None else result

    def follows(self, obj: T, now: datetime) -> bool:
        return self.workflow.state_of(obj, now) in self.after

    def is_offered(self, obj: T, by: Any, now: datetime) -> bool:
        """Whether state, permissions and the row alone let this person take the step.

        `why_not` also reads ties between accounts, which a list would read for each row.
        """
        if not self.follows(obj, now):
            return False
        try:
            require(by, *self.any_of)
            if self.refuse is not None:
                self.refuse(obj, by)
        except PermissionDenied:
            return False
        return True

    def why_not(self, obj: T, by: Any) -> str:
        """The sentence that refuses this person; "" if they may take the step."""
        try:
            require(by, *self.any_of)
            if self.refuse is not None:
                self.refuse(obj, by)
            if self.second is not None:
                self.second.refuse(obj, by, clock.now())
        except MissingPermission as error:
            [missing, *_others] = error.permissions
            return f"Only the role {roles_of(missing)} may {words_of(missing)}."
        except PermissionDenied as error:
            return str(error)
        return ""
