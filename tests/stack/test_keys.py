"""Keys are made once, replaced on request, and the old signing key lasts as long as a session."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from stack import keys
from stack.keys import DELIVERY, FALLBACKS, SIGNING, KeysError, own_keys
from stack.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path, data=tmp_path, account=None)


def test_keys_are_made_once_and_only_their_owner_reads_them(layout: Layout) -> None:
    first = own_keys(layout, {})
    assert first.keys() == {SIGNING, DELIVERY}
    assert own_keys(layout, {}) == first
    assert all((layout.data / name).stat().st_mode & 0o077 == 0 for name in ("secret-key", "delivery-key"))


def test_keys_that_the_operator_gives_are_taken(layout: Layout) -> None:
    given = {SIGNING: "theirs", DELIVERY: "also theirs", FALLBACKS: "older"}
    assert own_keys(layout, given) == given
    assert not (layout.data / "secret-key").exists()


def test_replaced_keys_stand_beside_the_old_ones(layout: Layout) -> None:
    old = own_keys(layout, {})
    keys.replace_keys(layout, {}, end_sessions=False)
    new = own_keys(layout, {})
    assert new[SIGNING] != old[SIGNING]
    assert new[FALLBACKS] == old[SIGNING]
    first, second = new[DELIVERY].split(",")
    assert (first != old[DELIVERY], second) == (True, old[DELIVERY])

    keys.drop_old_delivery_keys(layout)
    assert own_keys(layout, {})[DELIVERY] == first


def test_an_interrupted_replacement_loses_no_key(layout: Layout) -> None:
    old = own_keys(layout, {})
    keys.replace_keys(layout, {}, end_sessions=False)
    begun = own_keys(layout, {})
    keys.replace_keys(layout, {}, end_sessions=False)
    assert own_keys(layout, {}) == begun
    assert (begun[FALLBACKS], begun[DELIVERY].split(",")[-1]) == (old[SIGNING], old[DELIVERY])

    keys.drop_old_delivery_keys(layout)
    keys.replace_keys(layout, {}, end_sessions=False)
    assert own_keys(layout, {})[FALLBACKS] == begun[SIGNING]


def test_the_old_signing_key_goes_with_the_last_session(layout: Layout) -> None:
    own_keys(layout, {})
    keys.replace_keys(layout, {}, end_sessions=False)
    path = layout.data / "secret-key-of-before"
    earlier = path.stat().st_mtime - (keys.FALLBACK_LASTS + timedelta(minutes=1)).total_seconds()
    os.utime(path, (earlier, earlier))
    assert FALLBACKS not in own_keys(layout, {})


def test_sessions_can_end_at_once(layout: Layout) -> None:
    own_keys(layout, {})
    keys.replace_keys(layout, {}, end_sessions=True)
    assert FALLBACKS not in own_keys(layout, {})


def test_keys_of_the_environment_are_not_replaced(layout: Layout) -> None:
    with pytest.raises(KeysError, match="MUSTER_SECRET_KEY is set in the environment"):
        keys.replace_keys(layout, {SIGNING: "theirs"}, end_sessions=False)


def test_a_backup_has_the_keys_that_are_in_use() -> None:
    environment = {SIGNING: "signs", DELIVERY: "new,old", "DATABASE_URL": "postgres://"}
    assert keys.keys_by_file(environment) == {"secret-key": "signs", "delivery-key": "new,old"}
