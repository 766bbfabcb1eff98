"""A version as a download."""

from typing import Any

from django.http import HttpResponse

from web.versioned.core.files import packed
from web.versioned.models import DocumentVersion
from web.versioned.versions import Versioned


def exported(versions: Versioned[Any, Any], row: DocumentVersion, form: str) -> HttpResponse:
    document = versions.content(row)
    content = packed(versions.files(document)) if form == "zip" else versions.dump(document).encode()
    name = "".join(char for char in row.version if char.isalnum() or char in "._-")
    return HttpResponse(
        content,
        content_type="application/zip" if form == "zip" else "application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
