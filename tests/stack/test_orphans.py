"""Processes an earlier launcher left running: ended by id and start time, and nobody else is."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.identity import ProcessIdentity, identify, is_alive
from stack.state import AlreadyRunningError, Lock, StackState, end_orphans


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_process_left_running_is_ended(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    identity = identify(sleeper.pid)
    assert identity is not None
    StackState(children={"web": identity}, stop_signals={"web": int(signal.SIGTERM)}).write(
        tmp_path / "state"
    )

    assert end_orphans(StackState.read(tmp_path / "state")) == ["web"]
    assert sleeper.wait() == -signal.SIGTERM


def test_one_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.state.PATIENCE_S", 0.2)
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; sleep 60 & wait"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    identity = identify(stubborn.pid)
    assert identity is not None

    assert end_orphans(StackState(children={"worker": identity})) == ["worker"]
    assert stubborn.wait() == -signal.SIGKILL
    assert stubborn.stdout.read() == b"", "its own child, in the same group, still holds the pipe"
    stubborn.stdout.close()


def test_a_recycled_process_id_is_spared(sleeper: subprocess.Popen[bytes]) -> None:
    someone_else = ProcessIdentity(pid=sleeper.pid, started="another moment")
    assert end_orphans(StackState(children={"web": someone_else})) == []
    assert sleeper.poll() is None


def test_a_copied_state_names_no_processes(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    original, copy, sockets = (tmp_path / name for name in ("original", "copy", "sockets"))
    for folder in (original, sockets):
        folder.mkdir()
    identity = identify(sleeper.pid)
    assert identity is not None
    StackState(launcher=identity, sockets=str(sockets), children={"web": identity}).write(original / "state")
    shutil.copytree(original, copy)

    copied = StackState.read(copy / "state")
    assert (copied.is_running, copied.copied_from) == (False, str(original))
    assert end_orphans(copied) == []
    assert sleeper.poll() is None
    assert sockets.exists()

    original.rename(tmp_path / "moved")
    assert StackState.read(tmp_path / "moved" / "state").is_running, "a folder that was moved is the same one"


def test_a_state_that_names_no_folder_names_no_processes(
    sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """An earlier Muster wrote such, and it may be a copy."""
    identity = identify(sleeper.pid)
    assert identity is not None
    StackState(launcher=identity, children={"web": identity}).write(tmp_path / "state")
    written = json.loads((tmp_path / "state").read_text())
    del written["folder"]
    (tmp_path / "state").write_text(json.dumps(written))

    assert end_orphans(StackState.read(tmp_path / "state")) == []
    assert sleeper.poll() is None


def test_an_exit_status_is_no_process() -> None:
    process = subprocess.Popen(["sleep", "60"])
    identity = identify(process.pid)
    assert identity is not None
    assert is_alive(identity)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(identity)
    process.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"launcher": null}'], ids=["empty", "cut", "list", "part"])
def test_a_damaged_state_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    assert StackState.read(tmp_path / "state") == StackState()


def test_the_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    source = "import sys, time; from pathlib import Path; from stack.state import Lock; "
    source += "lock = Lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", source, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(AlreadyRunningError):
        Lock(path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    Lock(path).release()
