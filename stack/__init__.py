"""The launcher: the embedded PostgreSQL and Valkey, and the processes of Muster on one machine.

`python -m stack` is what `make run` starts; `stack.testing` gives the tests a database and a broker of
their own. This package imports nothing of the product: with `DATABASE_URL` and `REDIS_URL` set, Muster runs
without it.
"""
