"""The ASGI application that uvicorn serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("MUSTER_DB_POOL", "12")

django_application = get_asgi_application()

from telemetry.asgi import RemoteWrite  # noqa: E402  (Django has to be set up first)

application = RemoteWrite(django_application)
