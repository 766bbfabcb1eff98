"""A pack as a file, and a file as what a pack says."""

from __future__ import annotations

from django.http import HttpResponse

from readiness.framework.core.reader import DefinitionError
from readiness.jurisdiction import queries
from readiness.jurisdiction.core.loading import load_text
from readiness.jurisdiction.core.mapping import dump
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from web.yaml_documents import MOST_BYTES


def exported(pack: RulePack) -> HttpResponse:
    return HttpResponse(
        dump(queries.content_of(pack)).encode(),
        content_type="application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{pack.version}.yaml"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def imported(name: str, content: bytes) -> RulePackDocument:
    """Raises DefinitionError, with the line as far as the field is there."""
    if len(content) > MOST_BYTES:
        raise DefinitionError("", f"has {len(content)} bytes; {MOST_BYTES} is the most")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError("", f"is not UTF-8: {error.reason} at byte {error.start}") from error
    return load_text(text, name)
