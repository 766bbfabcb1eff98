"""Write many objects of a kind from text through the kind's endpoint: rows of a file, or an edit of many rows.

The endpoint validates the values, as for an API call; rows that it refuses are left out and reported with line and
field. The caller decides whether to keep the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db import DatabaseError, DataError, transaction
from django.db.models import Model
from django.utils.text import slugify
from rest_framework.exceptions import ValidationError

from accounts.models import User
from web import scopes
from web.database_refusals import NON_FIELD
from web.kinds.kind import Kind
from web.kinds.references import NamedObject, NotOne, objects_named
from web.kinds.targets import Target, context_paths, endpoint, natural_keys, targets_of
from web.outside import OutsideScope, sentence_of
from web.permissions import note
from web.rest.errors import Conflict
from web.rest.fields import RelatedObjectField, id_in

ID = "id"
CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"


@dataclass
class DraftedRow:
    """A row to write.

    `texts` are by target, or "id"; `obj` is the object if known, `cells` is the row as its file has it.
    `outcome` and the following fields are the result;
    `changes` are label, text before, text after.
    """

    line: int
    texts: dict[str, str]
    obj: Any = None
    cells: list[str] = field(default_factory=list)
    outcome: str = UNCHANGED
    name: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    item: dict[str, Any] = field(default_factory=dict)
    awaits: bool = False

    def refuse(self, label: str, reason: str) -> None:
        self.outcome = REFUSED
        self.problems.append((label, reason))


class Writer:
    """Writes rows for a user, up to a thousand at a time, and remembers the objects of the rows so far."""

    def __init__(self, kind: Kind, by: User) -> None:
        self.kind, self.by = kind, by
        self.view = endpoint(kind, by)
        self.targets = targets_of(kind, self.view)
        self._lines: dict[int, int] = {}

    def write(self, drafts: list[DraftedRow]) -> None:
        """Write the valid rows, and store the result in each draft."""
        self._find_by_id(drafts)
        self._leave_out_equal(drafts)
        self._refer(drafts)
        self._find_by_key(drafts)
        self._refuse_repeated(drafts)
        good = [draft for draft in drafts if draft.outcome != REFUSED]
        for draft in good:
            self._fill(draft)
        new = [draft for draft in good if draft.obj is None and draft.outcome != REFUSED]
        old = [draft for draft in good if draft.obj is not None and draft.item and draft.outcome != REFUSED]
        self._enter(new, "add", self.view.create_many, CREATED)
        self._enter(old, "change", self.view.update_many, CHANGED)
        for draft in drafts:
            draft.name = draft.name or (str(draft.obj) if draft.obj is not None else "")
        waiting = [draft for draft in drafts if draft.awaits]
        # Objects that these rows name may just have been created by other rows.
        if waiting and len(waiting) < len(drafts):
            for draft in waiting:
                draft.outcome, draft.awaits = UNCHANGED, False
                draft.problems.clear()
            self.write(waiting)

    def _find_by_id(self, drafts: list[DraftedRow]) -> None:
        by_id = {}
        for draft in drafts:
            if text := draft.texts.get(ID, ""):
                if (number := id_in(text)) is not None:
                    by_id[draft.line] = number
                else:
                    draft.refuse("id", "An id is a whole number; leave it empty for a new object.")
        objects = self._objects_by_id(pk__in=set(by_id.values())) if by_id else {}
        for draft in drafts:
            if draft.line in by_id:
                draft.obj = objects.get(by_id[draft.line])
                if draft.obj is None:
                    draft.refuse("id", f"There is no {self._noun} {by_id[draft.line]}.")

    def _objects_by_id(self, **condition: Any) -> dict[int, Any]:
        return {obj.pk: obj for obj in self.kind.rows().filter(**condition)}

    @property
    def _noun(self) -> str:
        return str(self.kind.model._meta.verbose_name)

    def _leave_out_equal(self, drafts: list[DraftedRow]) -> None:
        """A cell equal to the list's exported text changes nothing, despite rounding and wording there."""
        existing_drafts = [draft for draft in drafts if draft.obj is not None]
        objects = [draft.obj for draft in existing_drafts]
        rows = self.kind.prepare(objects) if self.kind.prepare else objects
        for draft, row in zip(existing_drafts, rows, strict=True):
            for name, text in list(draft.texts.items()):
                target = self.targets.get(name)
                if target is not None and target.field is not None and text == target.text(draft.obj, row):
                    del draft.texts[name]
                    draft.item.pop(name, None)

    def _refer(self, drafts: list[DraftedRow]) -> None:
        """Find the objects that texts name; one statement for each reference, for any number of rows."""
        # All that a row names wrongly is told at once.
        open_drafts = [draft for draft in drafts if draft.outcome != REFUSED]
        for name, target in self.targets.items():
            if not isinstance(target.field, RelatedObjectField):
                continue
            referring_drafts = [draft for draft in open_drafts if draft.texts.get(name)]
            if not referring_drafts:
                continue
            references = [
                NamedObject(draft.texts[name], self._reference_context(draft, target))
                for draft in referring_drafts
            ]
            for draft, obj in zip(
                referring_drafts, objects_named(target.field.get_queryset(), references), strict=True
            ):
                if isinstance(obj, NotOne):
                    draft.awaits = obj.is_missing and target.field.get_queryset().model is self.kind.model
                    draft.refuse(target.label, str(obj))
                else:
                    draft.item[name] = obj

    def _reference_context(self, draft: DraftedRow, target: Target) -> dict[str, Any]:
        """Use the other cells of the row, else the existing object."""
        around = {}
        for path, name in context_paths(self.kind, target.name, target.field).items():
            current = getattr(draft.obj, name, None) if draft.obj is not None else None
            if (
                value := draft.item.get(name)
                or draft.texts.get(name)
                or (current if isinstance(current, Model) else None)
            ):
                around[path] = value
        return around

    def _find_by_key(self, drafts: list[DraftedRow]) -> None:
        new = [draft for draft in drafts if draft.obj is None and draft.outcome != REFUSED]
        for key in natural_keys(self.kind.model):
            keyed = {
                draft.line: values for draft in new if draft.obj is None and (values := self._key(draft, key))
            }
            if not keyed:
                continue
            columns = zip(key, zip(*keyed.values(), strict=True), strict=True)
            objects = self._objects_by_id(**{f"{name}__in": set(values) for name, values in columns}).values()
            by_key = {_comparable(getattr(obj, name) for name in key): obj for obj in objects}
            for draft in new:
                if draft.line in keyed:
                    draft.obj = by_key.get(_comparable(keyed[draft.line]))
        self._leave_out_equal([draft for draft in new if draft.obj is not None])

    def _key(self, draft: DraftedRow, key: tuple[str, ...]) -> tuple[Any, ...]:
        """The values of a natural key; () if the row lacks one of them."""
        values = []
        for name in key:
            value = draft.item.get(name) or draft.texts.get(name, "")
            model_field = self.kind.model._meta.get_field(name)
            try:
                values.append(value if isinstance(value, Model) else model_field.to_python(value))  # type: ignore[union-attr]
            except ModelError:
                return ()
        return tuple(values) if all(value not in ("", None) for value in values) else ()

    def _refuse_repeated(self, drafts: Iterable[DraftedRow]) -> None:
        for draft in drafts:
            if draft.obj is None or draft.outcome == REFUSED:
                continue
            first = self._lines.setdefault(draft.obj.pk, draft.line)
            if first != draft.line:
                draft.refuse("", f"Line {first} is already about {draft.obj}.")

    def _fill(self, draft: DraftedRow) -> None:
        """Build the item that the endpoint takes."""
        for name, text in draft.texts.items():
            target = self.targets.get(name)
            if target is None or target.field is None:
                continue
            if name in draft.item:
                draft.item[name] = draft.item[name].pk
            elif text or draft.obj is not None:
                draft.item[name] = target.value(text)
        if draft.obj is None:
            self._name(draft)
            return
        for name in [name for name, value in draft.item.items() if self._holds(draft.obj, name, value)]:
            del draft.item[name]

    def _name(self, draft: DraftedRow) -> None:
        """Make a missing slug from the name, as in the form."""
        parts = ("name",) if "name" in self.targets else ("manufacturer", "model")
        title = " ".join(draft.texts.get(name, "") for name in parts)
        if "slug" in self.targets and "slug" not in draft.item and title.strip():
            draft.item["slug"] = slugify(title)[:100]

    def _holds(self, obj: Any, name: str, value: Any) -> bool:
        source = self.targets[name].source
        stored = getattr(obj, f"{source}_id", getattr(obj, source, None))
        return (
            bool(stored == value)
            or (stored is not None and str(stored) == str(value))
            or _is_same_number(stored, value)
        )

    def _enter(
        self, drafts: list[DraftedRow], verb: str, enter: Callable[[list[Any]], list[Model]], outcome: str
    ) -> None:
        """Enter items through the endpoint; report refused ones and send the rest again."""
        if drafts and (reason := self._may_not(verb)):
            for draft in drafts:
                draft.refuse("", reason)
            return
        note(self.view.request._request, [self.kind.permission(verb)])
        while drafts:
            changes_of_drafts = [self._changes(draft) for draft in drafts]
            items = [({ID: draft.obj.pk} if draft.obj else {}) | draft.item for draft in drafts]
            try:
                with transaction.atomic():
                    objects = enter(items)
            except ValidationError as error:
                drafts = self._refused(drafts, error.detail)
            except (PermissionDenied, DatabaseError, Conflict) as error:
                self._refuse_all(drafts, verb, enter, outcome, error)
                return
            else:
                for draft, obj, changes in zip(drafts, objects, changes_of_drafts, strict=True):
                    draft.outcome, draft.obj, draft.name, draft.changes = outcome, obj, str(obj), changes
                    self._lines.setdefault(obj.pk, draft.line)
                return

    def _refuse_all(
        self,
        drafts: list[DraftedRow],
        verb: str,
        enter: Callable[[list[Any]], list[Model]],
        outcome: str,
        error: Exception,
    ) -> None:
        """Report an error of all rows. One that lies outside the scope, or whose state forbids the change, refuses them
        all, so it is looked for."""
        is_outside = isinstance(error, OutsideScope) or scopes.is_refusal(error)
        if (is_outside or isinstance(error, Conflict)) and len(drafts) > 1:
            half = len(drafts) // 2
            for some in (drafts[:half], drafts[half:]):
                self._enter(some, verb, enter, outcome)
            return
        if not is_outside and not isinstance(error, PermissionDenied | DataError | Conflict):
            raise error
        permissions = [self.kind.permission(verb)]
        reason = sentence_of(error, permissions) if scopes.is_refusal(error) else str(error)
        for draft in drafts:
            draft.refuse("", f"{reason} {scopes.limits()}" if is_outside else reason)

    def _may_not(self, verb: str) -> str:
        method = {"add": "post", "change": "patch"}[verb]
        if method not in self.view.http_method_names:
            return f"A {self._noun} is not changed, but entered anew: leave its id empty."
        permission = self.kind.permission(verb)
        return "" if self.by.has_perm(permission) else f"Missing permission: {permission}."

    def _refused(self, drafts: list[DraftedRow], detail: Any) -> list[DraftedRow]:
        """Report errors; returns the drafts without errors."""
        by_place = {int(place): errors for place, errors in detail.items() if str(place).isdecimal()}
        if not by_place:
            # An error of the whole, not of a row.
            by_place = dict.fromkeys(range(len(drafts)), detail)
        for place, errors in by_place.items():
            for name, messages in errors.items() if isinstance(errors, Mapping) else [("", errors)]:
                target = self.targets.get(name)
                label = target.label if target else "" if name in {NON_FIELD, "detail"} else name
                drafts[place].refuse(label, _sentence(messages))
        return [draft for place, draft in enumerate(drafts) if place not in by_place]

    def _changes(self, draft: DraftedRow) -> list[tuple[str, str, str]]:
        row = draft.obj
        if row is not None and self.kind.prepare:
            (row,) = self.kind.prepare([row])
        changes = []
        for name in draft.item:
            if (target := self.targets.get(name)) is not None:
                before = target.text(draft.obj, row) if draft.obj is not None else ""
                changes.append(
                    (target.label, target.spoken(before), target.spoken(draft.texts.get(name, "")))
                )
        return changes


def _comparable(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value.pk if isinstance(value, Model) else str(value) for value in values)


def _is_same_number(stored: Any, value: Any) -> bool:
    """Whether two texts are the same number: 10 and 10.0. In text, such as serial numbers, 010 is not 10."""
    try:
        return isinstance(stored, int | float | Decimal) and float(stored) == float(value)
    except (TypeError, ValueError):
        return False


def _sentence(messages: Any) -> str:
    if isinstance(messages, Mapping):
        return " ".join(f"{name}: {_sentence(each)}" for name, each in messages.items())
    return " ".join(_sentence(each) for each in messages) if isinstance(messages, list) else str(messages)
