"""Files over HTTP, for pages and endpoints: the sender, the content, the download, and refusals as responses: 400 with
the field and the file's line, 413 for a large file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from readiness.assessment.evidence.core.parsers import ParseError
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.models.runs import MOST_BYTES
from readiness.assessment.evidence.refusals import EvidenceRefused, FileTooLarge
from web.kinds.importing import RowsRefused
from web.rest.errors import PayloadTooLarge
from web.sheets import UnreadableSheet


def sender_of(request: Request | HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def content_of(file: UploadedFile) -> bytes:
    if file.size is not None and file.size > MOST_BYTES:
        raise FileTooLarge("file", f"A file has {MOST_BYTES} bytes at most.")
    return bytes(file.read())


def file_answer(run: ValidationRun, content: bytes) -> HttpResponse:
    """A download, never a page: a browser must not run an uploaded file."""
    name = "".join(char for char in run.file_name if char.isalnum() or char in "._- ") or "run"
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="run-{run.pk}-{name.encode("ascii", "ignore").decode()}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


AROUND_THE_FILE = 64 * 1024
"""Bytes that a form may have besides its file: other fields and boundaries."""


@contextmanager
def answered() -> Iterator[None]:
    """Turns refusals of the operations into a response; `line` is added to a message about a file."""
    try:
        yield
    except (ParseError, UnreadableSheet) as error:
        raise _unread([(error.line, error.reason)]) from error
    except RowsRefused as error:
        raise _unread(error.problems) from error
    except FileTooLarge as error:
        raise PayloadTooLarge(error.reason) from error
    except EvidenceRefused as error:
        raise exceptions.ValidationError({error.field: [error.reason]}) from error


def _unread(problems: Sequence[tuple[int, str]]) -> exceptions.ValidationError:
    refusal = exceptions.ValidationError()
    line, reason = problems[0]
    # Set afterwards, because the constructor would convert the number to text.
    detail: Any = {
        "file": [f"Line {line}: {reason}" for line, reason in problems],
        "line": line,
        "reason": reason,
    }
    refusal.detail = detail
    return refusal


def refuse_large(request: Request) -> None:
    """Check before the body is read, or a file of any size would be spooled to disk first."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length.isdecimal() and int(length[:15]) > MOST_BYTES + AROUND_THE_FILE:
        raise PayloadTooLarge(f"A file has {MOST_BYTES} bytes at most.")


class FileField(serializers.FileField):
    """A file in a form; whoever reads an empty file refuses it with a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, max_length=200, **kwargs)


type Take = Callable[[Any, Request, Mapping[str, Any]], Any]
"""A method of a viewset that takes the checked form and returns the body of the response."""


def takes_file(
    summary: str, *, asks: type[serializers.Serializer], answers: Any, path: str = "import"
) -> Callable[[Take], Any]:
    """`asks` checks the form, `answers` is the serializer of the 201. A body that is too large is refused before it is
    read."""

    def decorate(take: Take) -> Any:
        @wraps(take)
        def taken(view: Any, request: Request) -> Response:
            refuse_large(request)
            body = asks(data=request.data)
            body.is_valid(raise_exception=True)
            return Response(take(view, request, body.validated_data), status=status.HTTP_201_CREATED)

        describe = extend_schema(
            summary=summary, request={"multipart/form-data": asks}, responses={201: answers}, filters=False
        )
        routed = action(
            detail=False,
            methods=["post"],
            url_path=path,
            parser_classes=[MultiPartParser],
            pagination_class=None,
        )
        return describe(routed(taken))

    return decorate
