"""Refusals of evidence as answers to a request: 400 with the field, and the line of a file; 413 for a large one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import exceptions, serializers
from rest_framework.request import Request

from readiness.evidence.core.parsers import ParseError
from readiness.evidence.models.runs import MOST_BYTES
from readiness.evidence.refusals import EvidenceRefused, FileTooLarge
from web.rest.errors import PayloadTooLarge

AROUND_THE_FILE = 64 * 1024
"""What the other fields of a form and its boundaries may take."""


@contextmanager
def answered() -> Iterator[None]:
    """Turns what the operations raise into the answer; a `line` stands beside the message about a file."""
    try:
        yield
    except ParseError as error:
        refusal = exceptions.ValidationError()
        # Set afterwards: the constructor would make a text of the number.
        detail: Any = {
            "file": [f"Line {error.line}: {error.reason}"],
            "line": error.line,
            "reason": error.reason,
        }
        refusal.detail = detail
        raise refusal from error
    except FileTooLarge as error:
        raise PayloadTooLarge(error.reason) from error
    except EvidenceRefused as error:
        raise exceptions.ValidationError({error.field: [error.reason]}) from error


def refuse_large(request: Request) -> None:
    """Before the body is read: a file of any size would be spooled to the disk first."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length.isdecimal() and int(length[:15]) > MOST_BYTES + AROUND_THE_FILE:
        raise PayloadTooLarge(f"A file has {MOST_BYTES} bytes at most.")


class FileField(serializers.FileField):
    """A file in a form; an empty one is refused by whoever reads it, with a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, max_length=200, **kwargs)
