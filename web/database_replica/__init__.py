"""A streaming replica of the database that pages and GET calls of the API read, if MUSTER_DATABASE_REPLICA_URL names
one: how old it is (`measuring.py`), who reads it (`reading.py`), and what Muster says of it (`standing.py`).
"""
