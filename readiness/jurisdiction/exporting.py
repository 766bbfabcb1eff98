"""A pack as a file, and a file as what a pack says."""

from __future__ import annotations

from django.http import HttpResponse

from readiness.jurisdiction import queries
from readiness.jurisdiction.core.document import dump, load_files
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import RulePack
from web.versioned.core.files import texts_of


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
    """Raises DocumentError, with the line as far as the field is there."""
    return load_files(texts_of(name, content))
