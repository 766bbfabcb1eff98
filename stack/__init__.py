"""The launcher: the embedded PostgreSQL and Valkey, and Muster's processes on one machine.

`make run` starts `python -m stack`; `stack.testing` gives tests their own database and broker. This package imports
nothing of the product: with `DATABASE_URL` and `REDIS_URL` set, Muster runs without it.
"""
