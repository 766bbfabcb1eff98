"""The ASGI application that uvicorn serves."""

import gc
import os
import resource

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

wsgi = get_wsgi_application()

from config import urls  # noqa: E402, F401  (Django has to be set up first; with it comes all that pages import)
from readiness.loop.alerts.inbound.asgi import WebhookDoor  # noqa: E402
from readiness.loop.alerts.inbound.receive import ADDRESSES  # noqa: E402
from telemetry import formats  # noqa: E402
from telemetry.asgi import SampleDoor  # noqa: E402
from telemetry.room import body_room  # noqa: E402
from web import health  # noqa: E402
from web.serving.application import Serving  # noqa: E402

# Load now, so that the first request after a start is answered in time.
health.migrations_on_disk()
get_resolver().reverse_dict  # noqa: B018  (Django makes it when it is first read, which takes 0.1 s)

# One room of memory for all bodies, and one door for the addresses of all formats of samples.
room = body_room()
samples, webhooks = SampleDoor(room=room), WebhookDoor(room)
doors = dict.fromkeys(formats.addresses(), samples) | dict.fromkeys(ADDRESSES, webhooks)

# Each connection is an open file. With the usual limit of 1,024, idle ones could lock everybody out.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

# All loaded code stays. Collecting it as garbage would delay one page in a few by a tenth of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)

# uvicorn's own proxy headers are off (stack/processes.py), because it would trust the loopback address by default.
application = ProxyHeadersMiddleware(
    Serving(wsgi, doors={("POST", address): door for address, door in doors.items()}),
    settings.TRUSTED_PROXIES,
)
