"""A version as a download."""

from django.http import HttpResponse

from readiness.framework import queries
from readiness.framework.core.document import dump, folder
from readiness.framework.models import FrameworkVersion
from web.versioned.core.files import packed


def exported(version: FrameworkVersion, form: str) -> HttpResponse:
    """One YAML document, or a zip with `index.yaml` and a file for each pillar."""
    framework = queries.definition_of(version)
    content = packed(folder(framework)) if form == "zip" else dump(framework).encode()
    kind = "application/zip" if form == "zip" else "application/yaml"
    name = "".join(char for char in version.version if char.isalnum() or char in "._-")
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
