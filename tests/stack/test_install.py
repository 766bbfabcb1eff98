"""The set-up of a bare checkout, as far as it goes without the network."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from stack.install import digest, requirements

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout with the set-up and its inputs, and nothing installed."""
    (tmp_path / "stack").mkdir()
    for name in ("stack/bootstrap", "stack/install.py", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy2(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copytree(ROOT / "web" / "assets", tmp_path / "web" / "assets")
    return tmp_path


def bootstrap(checkout: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": str(checkout), "PIP_NO_INDEX": "1"}
    return subprocess.run(
        [shutil.which("sh") or "/bin/sh", str(checkout / "stack" / "bootstrap"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def programs(folder: Path) -> str:
    """A PATH with the few programs the script needs, and no Python."""
    folder.mkdir(exist_ok=True)
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or "/bin/sh")
    return str(folder)


def test_too_old_and_broken_pythons_are_named(bare: Path, tmp_path: Path) -> None:
    path = programs(tmp_path / "bin")
    program(tmp_path / "bin", "python3", '[ "$1" = --version ] && echo Python 3.11.7 || exit 1')
    program(tmp_path / "bin", "python3.13", "echo not installed here >&2; exit 127")

    done = bootstrap(bare, "base", path=path)
    assert done.returncode == 1
    assert "Muster needs Python 3.12 or newer, and found none." in done.stderr
    assert "python3: Python 3.11.7" in done.stderr
    assert "python3.13: not installed here" in done.stderr
    assert "python3.12: not found" in done.stderr


def test_the_first_python_that_works_is_taken(bare: Path, tmp_path: Path) -> None:
    path = programs(tmp_path / "bin")
    program(tmp_path / "bin", "python3.14", "exit 127")
    program(tmp_path / "bin", "python3.13", f'exec "{sys.executable}" "$@"')
    # Nothing can be installed without an index, so what follows shows that the set-up began with it.
    done = bootstrap(bare, "base", path=path)
    assert done.returncode == 1
    assert "Making .venv with Python 3." in done.stdout
    assert "Installing the packages of requirements/base.txt" in done.stdout
    assert "pip failed" in done.stderr
    assert (bare / ".venv" / "bin" / "python").exists()
    assert not (bare / ".venv" / "muster-packages").exists(), "an installation that failed is not done"


def test_a_python_without_venv_is_said(bare: Path, tmp_path: Path) -> None:
    # Debian's python3 without python3-venv has the module, which says so when it is used.
    program(tmp_path / "bin", "python3", "echo ensurepip is not available; exit 1")
    source = "import runpy, sys; sys._base_executable, *sys.argv = sys.argv[1:]; "
    source += "runpy.run_path(sys.argv[0], run_name='__main__')"
    install = [str(tmp_path / "bin" / "python3"), str(bare / "stack" / "install.py"), "base"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", source, *install],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot make virtual environments (on Debian: apt-get install python3-venv)" in done.stderr
    assert "ensurepip is not available" in done.stderr


def test_an_environment_behind_a_link_is_left_alone(bare: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("another checkout's")
    (bare / ".venv").symlink_to(elsewhere)
    done = subprocess.run(
        [sys.executable, "-I", str(bare / "stack" / "install.py"), "base"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert ".venv is a link" in done.stderr
    assert (elsewhere / "kept.txt").exists()


def test_a_set_up_that_is_done_is_not_done_again_until_its_inputs_change(bare: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare / ".venv")], check=True)
    pretend = """
        import runpy, sys
        install = runpy.run_path(sys.argv[1])
        (site_packages,) = install["VENV"].glob("lib/python*/site-packages")
        (site_packages / "muster.pth").write_text(f"{install['ROOT']}\\n")
        install["PACKAGES"].write_text(install["digest"](*install["lists_of"]("base")))
        install["ASSETS"].mkdir(parents=True)
        install["ASSETS_STAMP"].write_text(install["digest"](*install["asset_sources"]()))
    """
    subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(pretend), str(bare / "stack" / "install.py")], check=True
    )
    path = programs(tmp_path / "bin")
    done = bootstrap(bare, "base", "-c", "import sys; print('ran by', sys.prefix)", path=path)
    assert done.stdout == f"ran by {bare / '.venv'}\n", done.stderr

    with (bare / "requirements" / "base.txt").open("a") as pins:
        pins.write("# another\n")
    program(tmp_path / "bin", "python3", f'exec "{sys.executable}" "$@"')
    assert "Installing the packages of requirements/base.txt" in bootstrap(bare, "base", path=path).stdout


@pytest.mark.parametrize(("name", "least"), [("base", 30), ("dev", 30), ("data", 2)])
def test_the_pinned_lists_hold_no_address_and_a_hash_for_each_package(name: str, least: int) -> None:
    lines = requirements(name).read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(pinned) >= least
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert not [line for line in lines if "://" in line]
    assert len(digest(requirements(name))) == 64
    assert os.access(ROOT / "stack" / "bootstrap", os.X_OK)
