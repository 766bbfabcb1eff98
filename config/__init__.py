"""Wiring: settings, urls, celery, asgi. Nobody imports it."""
