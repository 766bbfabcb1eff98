"""Forms and endpoints of whatever shifts follow from: each write refuses to make one person two."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction

from readiness.organisation.people.operations.rotations import write_claimed_shifts, write_entered_shifts
from web import clock
from web.kinds.declaring import ObjectForm
from web.rest.errors import named_errors
from web.rest.viewsets import ObjectViewSet


@contextmanager
def _writing_shifts(write: Callable[..., int]) -> Iterator[None]:
    """A transaction that writes the shifts which follow from its changes."""
    with transaction.atomic():
        yield
        write(now=clock.now())


class ShiftsViewSet(ObjectViewSet):
    """Whoever deletes something leaves the shifts to what remains, and coinciding ones to nobody."""

    write: ClassVar[Callable[..., int]] = staticmethod(write_entered_shifts)

    def writing(self) -> AbstractContextManager[None]:
        is_deletion = self.action in {"destroy", "bulk_destroy"}
        return _refusing_by_name(write_claimed_shifts if is_deletion else self.write)


@contextmanager
def _refusing_by_name(write: Callable[..., int]) -> Iterator[None]:
    with named_errors(), _writing_shifts(write):
        yield


class ShiftsForm(ObjectForm):
    write: ClassVar[Callable[..., int]] = staticmethod(write_entered_shifts)

    def save(self, commit: bool = True) -> Any:
        """Return None where it would make one person two: the form says so."""
        try:
            with _writing_shifts(self.write):
                return super().save(commit=commit)
        except ValidationError as error:
            self.add_error(None, error)
            return None


class TurnsViewSet(ShiftsViewSet):
    write = staticmethod(partial(write_entered_shifts, are_turns=True))


class TurnsForm(ShiftsForm):
    write = staticmethod(partial(write_entered_shifts, are_turns=True))


class LeaveForm(ShiftsForm):
    changelog_message = None  # type: ignore[assignment]  # Nobody is asked why.
