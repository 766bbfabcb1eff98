"""Files of runs over HTTP, for pages and endpoints alike: who sent one, what is in it, how it is downloaded."""

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from accounts.models import User
from readiness.evidence.models import ValidationRun
from readiness.evidence.models.runs import MOST_BYTES
from readiness.evidence.refusals import FileTooLarge


def sender_of(request: Request | HttpRequest) -> User:
    """Whoever sent it; permissions have let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def content_of(file: UploadedFile) -> bytes:
    """The file's bytes; FileTooLarge before they are read."""
    if file.size is not None and file.size > MOST_BYTES:
        raise FileTooLarge("file", f"A file has {MOST_BYTES} bytes at most.")
    return bytes(file.read())


def file_answer(run: ValidationRun, content: bytes) -> HttpResponse:
    """A download, never a page: a browser must not run what somebody uploaded."""
    name = "".join(char for char in run.file_name if char.isalnum() or char in "._- ") or "run"
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="run-{run.pk}-{name.encode("ascii", "ignore").decode()}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
