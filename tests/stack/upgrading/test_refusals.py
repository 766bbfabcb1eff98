"""What `make upgrade` and a start refuse, without an older PostgreSQL on this machine."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from stack.layout import Layout
from stack.postgres import MAJOR, installed
from stack.upgrading.commands import UpgradeCommand, UpgradeError
from stack.upgrading.old_data import (
    OtherDataError,
    find_old_data,
    require_one_truth,
    require_upgraded,
    write_note,
)
from stack.upgrading.programs import NoProgramsError, find_programs
from tests.stack.checkout import Checkout

OLDER, NEWER = "3", "99"


def lay(data: Path, major: str, *, version: str = "") -> Path:
    """A folder like that of a cluster of this major release."""
    folder = data / f"postgres-{major}"
    (folder / "data" / "global").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text(f"{version or major}\n")
    (folder / "data" / "global" / "pg_control").write_bytes(b"state")
    (folder / "complete").touch()
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path, data=tmp_path, account=None)


def refuse(layout: Layout) -> UpgradeCommand:
    def launching(layout: Layout):  # type: ignore[no-untyped-def]
        raise AssertionError("started")

    return UpgradeCommand(layout, launching=launching, say=print)


def test_a_start_leaves_older_data_alone_and_names_the_command(checkout: Checkout) -> None:
    checkout.data.mkdir()
    folder = lay(checkout.data, OLDER)
    done = checkout.call("run")
    assert done.returncode == 1
    assert f"{folder} holds data of PostgreSQL {OLDER}, and this Muster brings {MAJOR}" in done.stdout
    assert "`make upgrade` brings them there" in done.stdout
    assert not (checkout.data / f"postgres-{MAJOR}").exists()


def test_newer_data_are_refused_by_a_start_and_by_an_upgrade(layout: Layout) -> None:
    lay(layout.data, NEWER)
    for refused in (require_upgraded, find_old_data):
        with pytest.raises(OtherDataError, match=f"PostgreSQL {NEWER}, and this Muster brings {MAJOR}"):
            refused(layout)


def test_data_of_this_release_are_used_whatever_lies_beside_them(layout: Layout) -> None:
    for major in (OLDER, MAJOR, NEWER):
        lay(layout.data, major)
    assert find_old_data(layout) is None
    require_upgraded(layout)


def test_the_newest_older_data_count(layout: Layout) -> None:
    lay(layout.data, OLDER)
    newest = lay(layout.data, str(int(OLDER) + 1))
    lay(layout.data, f"{MAJOR}.upgrading")
    old_data = find_old_data(layout)
    assert old_data is not None
    assert old_data.folder == newest


def test_a_folder_that_names_another_release_is_refused(layout: Layout) -> None:
    lay(layout.data, OLDER, version="4")
    with pytest.raises(OtherDataError, match="PG_VERSION names 4"):
        find_old_data(layout)


def test_old_data_that_were_written_to_after_their_upgrade_are_refused(layout: Layout) -> None:
    older, newer = lay(layout.data, OLDER), lay(layout.data, MAJOR)
    shutil.move(newer, layout.data / "aside")
    old_data = find_old_data(layout)
    assert old_data is not None
    shutil.move(layout.data / "aside", newer)
    write_note(old_data, newer)
    require_one_truth(layout)
    (older / "data" / "global" / "pg_control").write_bytes(b"another state")
    with pytest.raises(OtherDataError, match="was written to after it had been upgraded"):
        require_one_truth(layout)
    shutil.rmtree(older)
    require_one_truth(layout)


def test_only_programs_of_the_same_release_read_the_data(layout: Layout, tmp_path: Path) -> None:
    lay(layout.data, OLDER)
    old_data = find_old_data(layout)
    assert old_data is not None
    with pytest.raises(NoProgramsError, match=f"postgresql-{OLDER}"):
        find_programs(old_data, requested=None)
    with pytest.raises(NoProgramsError, match="is not there, or"):
        find_programs(old_data, requested=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="as root, PostgreSQL's account may not reach the programs")
def test_programs_of_another_release_are_named(layout: Layout) -> None:
    lay(layout.data, OLDER)
    old_data = find_old_data(layout)
    assert old_data is not None
    with pytest.raises(NoProgramsError, match=f"is of PostgreSQL {MAJOR}, and the data are of {OLDER}"):
        find_programs(old_data, requested=installed() / "bin")


def test_too_little_disk_is_refused_with_the_figure(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(layout.data, OLDER)
    (folder / "data" / "base").mkdir()
    with (folder / "data" / "base" / "1").open("wb") as file:
        file.truncate(10**13)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {OLDER}.1'\n")
    for path in (tmp_path, *tmp_path.parents[:3], programs, programs / "postgres"):
        path.chmod(0o755)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(UpgradeError, match=r"[\d,]+ MB are free .* 10,000,000 MB needs about 15,001,200 MB"):
        refuse(layout).upgrade(programs=programs)


def test_a_database_of_ones_own_is_left_to_its_tools(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://muster@elsewhere/muster")
    with pytest.raises(UpgradeError, match="a server of your own"):
        refuse(layout).upgrade(programs=None)


@pytest.mark.full
def test_nothing_to_upgrade_is_said(checkout: Checkout) -> None:
    assert "holds no data yet" in checkout.call("upgrade").stdout
    checkout.start().end(signal.SIGTERM)
    done = checkout.call("upgrade")
    assert done.returncode == 0
    assert f"are those of PostgreSQL {MAJOR} already" in done.stdout
