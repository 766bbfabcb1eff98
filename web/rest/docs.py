"""The schema at /api/schema/ and its browser at /api/docs/."""

from functools import cache
from typing import Any

from django.conf import settings
from django.urls import get_urlconf
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from web.permissions import signed_in


class SchemaView(SpectacularAPIView):
    """The schema is the same for everybody and takes a second to build, so each process builds it once."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    def _get_schema_response(self, request: Request) -> Response:
        name = self._get_filename(request, "")
        return Response(
            _schema(get_urlconf() or settings.ROOT_URLCONF),
            headers={"Content-Disposition": f'inline; filename="{name}"'},
        )


@cache
def _schema(urlconf: str) -> dict[str, Any]:
    return SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)


schema = SchemaView.as_view()
# The page is ours and its script has its own address, so the strict policy also applies here.
browser = signed_in(SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="web/api_docs.html"))
