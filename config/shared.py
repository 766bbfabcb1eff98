"""Loads what web, worker, beat and sender share: the launcher imports it, and forks them (stack/forked.py)."""

from importlib import import_module

from config.celery import app, load_for_forks

for name in ("celery.apps.beat", "celery.apps.worker", "celery.concurrency.prefork"):
    import_module(name)
app.loader.init_worker()
app.finalize()
load_for_forks()
