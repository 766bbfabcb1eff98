"""Where rows are: PostgreSQL, and a replica of it that pages may read."""

from typing import Any

from config import env

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database(
        env.text("DATABASE_URL", None, "the PostgreSQL address, postgres://user@host/name")
    )
}
DATABASE_REPLICA_URL = env.text(
    "MUSTER_DATABASE_REPLICA_URL",
    "",
    "the address of a streaming replica of this database that pages and GET calls of the API read",
)
DATABASE_REPLICA_LAG_S = env.integer(
    "MUSTER_DATABASE_REPLICA_LAG_S",
    5,
    "seconds that the replica may be behind before nobody reads it",
    least=2,
)
if DATABASE_REPLICA_URL:
    DATABASES["replica"] = env.database(DATABASE_REPLICA_URL, "MUSTER_DATABASE_REPLICA_URL")
for database in DATABASES.values():
    # Each thread of the web process keeps its connections (web/serving/lanes.py), and so do workers and commands. A
    # server that cannot be reached is given up soon; one whose host has gone as well.
    database |= {"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 600}
    database["OPTIONS"] = {"connect_timeout": 3, "tcp_user_timeout": 10_000} | database["OPTIONS"]
