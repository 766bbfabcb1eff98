"""The ASGI application that uvicorn serves."""

import gc
import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("MUSTER_DB_POOL", "12")

django_application = get_asgi_application()

from config import urls  # noqa: E402, F401  (Django has to be set up first; with it comes all that pages import)
from telemetry.asgi import RemoteWrite  # noqa: E402

# All that was loaded stays. Looking through it for garbage would hold up one page in a few by a tenth of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)

# uvicorn's own look at forwarded headers is off (stack/processes.py): it would trust the loopback address unasked.
application = ProxyHeadersMiddleware(RemoteWrite(django_application), settings.TRUSTED_PROXIES)
