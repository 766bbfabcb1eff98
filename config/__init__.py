"""Wiring: settings, urls, celery, asgi. No other code imports it."""
