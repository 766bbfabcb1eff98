import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's tmp_path: that is closed to the account PostgreSQL runs as when the tests are root."""
    made = Path(tempfile.mkdtemp(prefix="muster-launcher-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def checkout(folder: Path) -> Iterator[Checkout]:
    made = Checkout(folder / "checkout", folder / "data")
    yield made
    made.call("stop")


@pytest.fixture
def started(checkout: Checkout):  # type: ignore[no-untyped-def]
    launcher = checkout.start()
    yield launcher
    launcher.end(signal.SIGKILL)
