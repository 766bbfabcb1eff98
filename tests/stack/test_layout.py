"""Where the data lie, and the messages when they cannot lie there."""

import os
from pathlib import Path

import pytest

from stack import layout
from stack.keys import own_key
from stack.launch import LaunchError, choose_port, wanted_demo
from stack.layout import LayoutError, find_layout, require_space

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another account")


def test_data_lie_in_the_checkout(folder: Path) -> None:
    assert find_layout(folder, {}).data == folder / "var"


def test_data_lie_where_the_variable_says(folder: Path) -> None:
    assert find_layout(folder, {"MUSTER_DATA_DIR": str(folder / "a" / "b")}).data == folder / "a" / "b"


@as_root
def test_data_lie_in_a_system_folder_when_the_checkout_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "SYSTEM_FOLDER", folder / "system")
    closed = folder / "home" / "project"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)

    found = find_layout(closed, {})
    assert found.data.parent == folder / "system"
    assert found == find_layout(closed, {}), "the next start finds the same folder"
    assert closed.parent.stat().st_mode & 0o777 == 0o700, "no folder above ours is opened"


@as_root
def test_a_closed_folder_asked_for_is_an_error(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    with pytest.raises(LayoutError, match="cannot be reached by the account"):
        find_layout(folder, {"MUSTER_DATA_DIR": str(folder / "closed" / "data")})


def test_a_folder_that_cannot_be_written_is_an_error(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(LayoutError, match="cannot be written"):
        find_layout(folder, {"MUSTER_DATA_DIR": str(folder / "file" / "data")})


def test_a_full_disk_is_an_error(folder: Path) -> None:
    require_space(folder, needed_mb=0)
    with pytest.raises(LayoutError, match=r"The disk is full: [0-9]+ MB are free"):
        require_space(folder, needed_mb=10**12)


def test_the_secret_key_is_kept_and_private(folder: Path) -> None:
    found = find_layout(folder, {})
    assert len(own_key(found, "secret-key")) >= 50
    assert own_key(found, "secret-key") == own_key(found, "secret-key")
    assert (found.data / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("port", ["0", "65536", "eight", "-1"])
def test_a_port_that_is_none_is_an_error(port: str) -> None:
    with pytest.raises(LaunchError, match="is not a port number"):
        choose_port({"MUSTER_PORT": port}, host="127.0.0.1", say=print)


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(LaunchError, match="not an address of this machine"):
        choose_port({}, host="192.0.2.1", say=print)


def test_a_demo_switch_that_is_none_is_an_error() -> None:
    with pytest.raises(LaunchError, match="neither 1 nor 0"):
        wanted_demo({"MUSTER_DEMO": "maybe"})
