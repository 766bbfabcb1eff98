"""Set up a checkout: virtual environment, pinned packages, the browser's files.

Then run a command. `stack/bootstrap` runs it with any Python >= 3.12, so it uses only the standard library and imports
nothing of this package. Stamps make it instant if nothing has changed; a lock lets `make run` and `make test` start
together.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PACKAGES = VENV / "muster-packages"
ASSETS = ROOT / "static" / "vendor"
ASSETS_STAMP = ASSETS / ".stamp"
SPACE_NEEDED_MB = 1500


class SetUpError(Exception):
    """The set-up failed; the message says what to do."""


def main() -> None:
    which, arguments = sys.argv[1], sys.argv[2:]
    try:
        set_up(which)
    except SetUpError as error:
        sys.exit(f"Muster cannot be set up here. {error}")
    if arguments:
        os.environ["PATH"] = path_with_ours()
        os.execv(PYTHON, [str(PYTHON), *arguments])


def set_up(which: str) -> None:
    if is_complete(which):
        return
    began = time.monotonic()
    if not os.access(ROOT, os.W_OK):
        raise SetUpError(f"This account cannot write to {ROOT}.")
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # a process that waited here finds everything done
    if not (environment_works() and knows_the_project()):
        make_environment()
    if not has_packages(which):
        install_packages(which)
    if not has_assets():
        build_assets()
    os.close(lock)
    say(f"Set up in {time.monotonic() - began:.0f} s.")


def is_complete(which: str) -> bool:
    runs_in_it = Path(sys.prefix) == VENV
    return runs_in_it and knows_the_project() and has_packages(which) and has_assets()


# The virtual environment


def knows_the_project() -> bool:
    """Whether it was made for this folder: the scripts of a moved environment contain the old path."""
    return all(path.read_text() == f"{ROOT}\n" for path in path_files()) and bool(path_files())


def path_files() -> list[Path]:
    return list(VENV.glob("lib/python*/site-packages/muster.pth"))


def environment_works() -> bool:
    """pip is the last part of a new environment."""
    source = "import pip, sys; sys.exit(sys.version_info < (3, 12))"
    try:
        done = subprocess.run([PYTHON, "-I", "-c", source], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def make_environment() -> None:
    """Make a new one, unless an existing one only lacks the project's path."""
    if path_files() or not environment_works():
        create_environment()
    # Lets every tool in .venv/bin find the project from any folder.
    for site_packages in VENV.glob("lib/python*/site-packages"):
        (site_packages / "muster.pth").write_text(f"{ROOT}\n")


def create_environment() -> None:
    if VENV.is_symlink():
        raise SetUpError(
            f"{VENV} is a link, and a new environment would empty what it leads to. Remove the link."
        )
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < SPACE_NEEDED_MB:
        raise SetUpError(f"The disk is full: {free_mb} of {SPACE_NEEDED_MB} MB needed are free under {ROOT}.")
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Making .venv with Python {version} ...")
    python = getattr(sys, "_base_executable", sys.executable)
    argv = [python, "-m", "venv", "--clear", str(VENV)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetUpError(
            f"Python {version} cannot make virtual environments (on Debian: apt-get install python3-venv):\n"
            f"{done.stdout}{done.stderr}"
        )


# Python's packages


def has_packages(which: str) -> bool:
    """The stamp holds the digests of the installed lists; the longer list includes the shorter one."""
    try:
        return digest(*lists_of(which)) in PACKAGES.read_text().split()
    except FileNotFoundError:
        return False


def requirements(which: str) -> Path:
    return ROOT / "requirements" / f"{which}.txt"


def lists_of(which: str) -> tuple[Path, Path]:
    """Return the list with dependencies, and the list without: packages of the second are only read."""
    return requirements(which), requirements("data")


def install_packages(which: str) -> None:
    say(f"Installing the packages of requirements/{which}.txt ...")
    PACKAGES.unlink(missing_ok=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--require-hashes", "--only-binary", ":all:"]
    run([*pip, "-r", str(requirements(which))], what="pip")
    run([*pip, "--no-deps", "-r", str(requirements("data"))], what="pip")
    installed = ["base", "dev"] if which == "dev" else ["base"]
    PACKAGES.write_text("\n".join(digest(*lists_of(name)) for name in installed))


# The browser's files


def asset_sources() -> list[Path]:
    files = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    return files + sorted(path for path in (ROOT / "web" / "assets").rglob("*") if path.is_file())


def has_assets() -> bool:
    try:
        return ASSETS_STAMP.read_text() == digest(*asset_sources())
    except FileNotFoundError:
        return False


def build_assets() -> None:
    say("Building the browser's files ...")
    npm, node = str(VENV / "bin" / "npm"), str(VENV / "bin" / "node")
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], what="npm")
    run([node, "web/assets/build_vendor.mjs", "static/vendor"], what="the build of the browser's files")
    ASSETS.mkdir(parents=True, exist_ok=True)
    ASSETS_STAMP.write_text(digest(*asset_sources()))


def digest(*paths: Path) -> str:
    sha256 = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        sha256.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        sha256.update(content)
    return sha256.hexdigest()


def run(argv: list[str], *, what: str) -> None:
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "PATH": path_with_ours()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode(errors="replace").splitlines()[-20:])
        raise SetUpError(f"{what} failed ({' '.join(argv)}):\n{tail}")


def path_with_ours() -> str:
    return os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
