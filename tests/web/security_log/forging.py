"""Changes the security log as somebody could who owns the database, and runs the verification."""

import io

from django.core.management import CommandError, call_command
from django.db import connection

from web.security_log.core.chain import NO_HEAD, batch_digest, event_digest, head_of_batch
from web.security_log.models import SecurityBatch, SecurityEvent
from web.security_log.queries import content_of


def verify(**options):
    """Run the command; returns its output and the faults that it names."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("verify_security_log", stdout=out, stderr=errors, **options)
    except CommandError as error:
        return str(error), errors.getvalue().splitlines()
    return out.getvalue().strip(), errors.getvalue().splitlines()


def force(statement, *values):
    """Write as the owner of the database, past the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def event_of_batch(number):
    return SecurityEvent.objects.filter(batch__number=number).order_by("pk").first()


def chain_anew_from(number):
    """Compute digests and heads anew from a batch on, as Muster would have."""
    previous = NO_HEAD
    for batch in SecurityBatch.objects.all():
        if batch.number >= number:
            digests = []
            for event in SecurityEvent.objects.filter(batch=batch).order_by("pk"):
                digests.append(event_digest(content_of(event)))
                force("UPDATE web_securityevent SET digest = %s WHERE id = %s", digests[-1], event.pk)
            digest = batch_digest(digests)
            values = {"number": batch.number, "chained_at": batch.chained_at, "events": len(digests)}
            head = head_of_batch(previous, **values, digest=digest)
            force(
                "UPDATE web_securitybatch SET digest = %s, head = %s, events = %s WHERE id = %s",
                *(digest, head, len(digests), batch.pk),
            )
            previous = head
        else:
            previous = bytes(batch.head)


def cut_after(number):
    """Delete all batches behind one, with their events."""
    force(
        "DELETE FROM web_securityevent WHERE batch_id IN (SELECT id FROM web_securitybatch WHERE number > %s)",
        number,
    )
    force("DELETE FROM web_securitybatch WHERE number > %s", number)
