"""Runs what Muster does in a test under the roles of the database that its processes have: `-p tests.least_privilege`.

Requests belong to the role of the web process, tasks to the worker's; what a test prepares belongs to the owner.
"""

from contextlib import contextmanager

import pytest
from django.db import connection
from psycopg.pq import TransactionStatus

WEB, WORKER = "muster_web", "muster_worker"


@pytest.fixture(scope="session", autouse=True)
def _granted_roles(django_db_setup, django_db_blocker):
    """The database that most tests use has the roles' rights; scenes are copied without them."""
    from tests.deploy import roles
    from web import database_roles

    with django_db_blocker.unblock(), roles.database_with_roles(django_db_setup):
        database_roles.grant("default")
        connection.close()
        yield


@pytest.fixture(scope="session", autouse=True)
def _roles_of_processes(_granted_roles):
    from celery.app.task import Task
    from django.test.client import ClientHandler

    with pytest.MonkeyPatch.context() as patched:
        for owner, name, role in (
            (ClientHandler, "get_response", WEB),
            (Task, "__call__", WORKER),
        ):
            patched.setattr(owner, name, under_role(role, getattr(owner, name)))
        yield


def under_role(role, call):
    def call_under_role(*args, **options):
        with act_as(role):
            return call(*args, **options)

    return call_under_role


@contextmanager
def act_as(role):
    """The session belongs to this role, unless it does so already or its transaction has failed."""
    connection.ensure_connection()
    session = connection.connection
    user = session.info.parameter_status("session_authorization")
    if user != connection.settings_dict["USER"] or _has_failed(session):
        yield
        return
    session.cursor().execute(f"SET SESSION AUTHORIZATION {role}")
    try:
        yield
    finally:
        # The end of a failed transaction gives the session back, and so does the end of a connection.
        if not session.closed and not _has_failed(session):
            session.cursor().execute("RESET SESSION AUTHORIZATION")


def _has_failed(session):
    return session.info.transaction_status == TransactionStatus.INERROR
