"""The ASGI application that uvicorn serves."""

import gc
import os
import resource

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

wsgi = get_wsgi_application()

from config import urls  # noqa: E402, F401  (Django has to be set up first; with it comes all that pages import)
from telemetry.asgi import RemoteWrite  # noqa: E402
from web import health  # noqa: E402
from web.serving.application import Serving  # noqa: E402

# Read now, so that the first question after a start is answered in time.
health.newest_migrations()

# Each connection is an open file. Where the usual 1,024 are allowed, as many idle ones would lock everybody out.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

# All that was loaded stays. Looking through it for garbage would hold up one page in a few by a tenth of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)

# uvicorn's own look at forwarded headers is off (stack/processes.py): it would trust the loopback address unasked.
application = ProxyHeadersMiddleware(
    Serving(wsgi, doors={("POST", "/api/v1/write"): RemoteWrite()}), settings.TRUSTED_PROXIES
)
