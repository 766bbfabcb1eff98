"""The schema at /api/schema/ and its browser at /api/docs/."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from web.permissions import signed_in

schema = SpectacularAPIView.as_view()
# Its script is fetched from an address of its own and its page is ours, so the strict policy holds here as well.
browser = signed_in(SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="web/api_docs.html"))
