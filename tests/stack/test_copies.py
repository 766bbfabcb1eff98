"""A copy of a data folder is another Muster: no command there touches the one that runs from the original."""

import json
import signal
import subprocess
from copy import copy as copied
from pathlib import Path

import pytest

from stack.identity import ProcessIdentity, is_alive
from tests.stack.checkout import Checkout, Started, free_port, living

pytestmark = pytest.mark.full


@pytest.fixture
def copy(started: Started) -> Checkout:
    """The same checkout on a copy of the data, made while Muster runs from them."""
    original = started.checkout
    other = copied(original)
    other.data, other.port = original.data.with_name("copy"), free_port()
    subprocess.run(["cp", "--archive", str(original.data), str(other.data)], check=True)
    return other


def assert_unharmed(started: Started, everything: set[int], sockets: Path) -> None:
    assert living(everything) == everything
    assert sockets.exists()
    assert started.get() == {"demo": 1}
    assert started.checkout.call("manage", "count").stdout == "1\n"
    launcher = json.loads((started.checkout.data / "state.json").read_text())["launcher"]
    assert is_alive(ProcessIdentity(**launcher))


def test_a_running_muster_survives_every_command_in_a_copy(started: Started, copy: Checkout) -> None:
    everything = {started.process.pid, *started.checkout.children.values()}
    sockets = Path(json.loads((started.checkout.data / "state.json").read_text())["sockets"])

    stopped = copy.call("stop")
    assert f"is not running from {copy.data}" in stopped.stdout
    assert str(started.checkout.data) in stopped.stdout
    assert_unharmed(started, everything, sockets)

    counted = copy.call("manage", "load_demo")
    assert counted.returncode == 0, counted.stdout
    assert f"{copy.data} is a copy of {started.checkout.data}" in counted.stdout
    assert_unharmed(started, everything, sockets)

    second = copy.start()
    assert second.get() == {"demo": 2}, "what was written in the copy is in the copy alone"
    assert_unharmed(started, everything, sockets)
    assert copy.call("manage", "count").stdout == "2\n"
    assert copy.call("stop").stdout == "Stopped.\n"
    second.end(signal.SIGKILL)
    assert_unharmed(started, everything, sockets)


def test_orphans_are_ended_in_their_own_folder_alone(started: Started, copy: Checkout) -> None:
    """After a kill -9 both folders name the same processes."""
    third = copy.start()
    started.end(signal.SIGKILL)
    assert third.get() == {"demo": 1}
    again = started.checkout.start()
    assert again.get() == {"demo": 1}
    assert third.get() == {"demo": 1}
    again.end(signal.SIGTERM)
    third.end(signal.SIGTERM)


def test_a_copy_that_asks_for_the_same_port_is_refused(started: Started, copy: Checkout) -> None:
    copy.port = started.checkout.port
    refused = copy.call("run")
    assert refused.returncode == 1
    assert f"Port {copy.port} of 127.0.0.1 is in use by another program." in refused.stdout
    assert started.get() == {"demo": 1}
