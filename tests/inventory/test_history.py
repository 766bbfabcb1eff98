"""The history sees every write to the inventory, bulk writes and deletions too, and who made them."""

import pytest

from inventory.models import Device
from tests.inventory import made
from web.actor import acting
from web.history.events import history_of

pytestmark = pytest.mark.django_db


def test_bulk_writes_are_seen_row_by_row(django_user_model) -> None:
    devices = [made.device() for _ in range(3)]
    with acting("demo", message="second wave"):
        Device.objects.update(status="drained")
    for device in devices:
        newest = history_of(device).rows[0]
        assert (newest.action, newest.actor, newest.message) == ("changed", "demo", "second wave")
        (change,) = newest.changes
        assert (change.field, change.before_text, change.after_text) == ("status", "Active", "Drained")


def test_a_deletion_is_seen() -> None:
    device = made.device(name="node-1")
    kept = Device.objects.get(pk=device.pk)
    with acting("demo"):
        Device.objects.all().delete()
    newest = history_of(kept).rows[0]
    assert (newest.action, newest.actor, newest.display) == ("deleted", "demo", "node-1")


def test_a_save_that_changes_nothing_is_no_change() -> None:
    device = made.device()
    device.save()
    assert [row.action for row in history_of(device).rows] == ["created"]
