"""An event that the database does not take: a refusal stays a refusal, and a transaction is not believed."""

import pytest
from django.db import OperationalError, connection

from tests.conftest import NOW
from web.security_log.models import SecurityEvent
from web.security_log.recording import record


def refuse_statement(execute, sql, *arguments):
    raise OperationalError("the connection is lost")


def test_a_refusal_stays_one(django_db_setup, django_db_blocker, caplog):
    """No statement reaches the database, so nothing stays of it."""
    with django_db_blocker.unblock(), connection.execute_wrapper(refuse_statement):
        assert not connection.in_atomic_block
        record(SecurityEvent.Action.SIGN_IN_DELAYED, account_name="ops", now=NOW)
    assert "is not in the security log" in caplog.text


@pytest.mark.django_db
def test_a_transaction_is_told():
    """Its COMMIT would be a ROLLBACK, and what comes after would believe it."""
    with connection.execute_wrapper(refuse_statement), pytest.raises(OperationalError):
        record(SecurityEvent.Action.EVENTS_DROPPED, now=NOW)
