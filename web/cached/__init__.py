"""Answers that a process keeps until something changes that they depend on.

A room declares an answer once, with everything that it reads, and reads through the declaration:

    CAPACITY = CachedAnswer("capacity of sites", models=(Site, CapacityEvent))

    steps = CAPACITY.value(lambda: read_steps(site_ids), key=frozenset(site_ids))

`tests/web/cached/test_reads.py` reads every answer and compares the tables that it read with the declaration.
"""

from web.cached.answers import ANSWERS, CachedAnswer, UndeclaredAnswer, answer_being_read, clock_step
