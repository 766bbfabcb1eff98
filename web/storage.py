"""Static files under names with a hash, bundled and compressed once when they are collected."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The API documentation is seldom opened; compressing its 6 MB at the best level took longer than all else.
SELDOM = frozenset({"drf_spectacular_sidecar", "rest_framework"})
BUNDLER = "web/assets/bundle.mjs"
MODULES, STYLES = "js/", "css/"


class QuickCompressor(Compressor):  # type: ignore[misc]  # WhiteNoise has no types
    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=5))


class StaticCompressor(Compressor):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._quick = QuickCompressor(**options)

    def compress(self, path: str) -> list[str]:
        is_quick = not SELDOM.isdisjoint(Path(path).parts)
        return list(self._quick.compress(path) if is_quick else super().compress(path))


class BundlingError(Exception):
    """The modules or styles of the pages could not be bundled; the message is the bundler's."""


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A page asks for `js/main.js` and gets the bundle of it and all that it imports; the sources are not served."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._bundles: dict[str, str] = {}

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[tuple[Any, Any, Any]]:
        if options.get("dry_run"):
            return
        bundled = _bundle(Path(self.location))
        self._bundles = bundled["modules"]
        sources = {name for name in paths if name.startswith(MODULES)} | {*bundled["merged"]}
        # Styles are read as the bundler left them here, all else where it was collected from.
        files = {
            name: (self, name) if name.startswith(STYLES) else path
            for name, path in paths.items()
            if name not in sources
        }
        yield from super().post_process(files, **options)
        self.delete_files(sources)
        for name, compressed_name in self.compress_files(bundled["written"]):
            yield name, compressed_name, True

    def save_manifest(self) -> None:
        self.hashed_files |= self._bundles
        super().save_manifest()

    def create_compressor(self, **options: Any) -> StaticCompressor:
        return StaticCompressor(**options)


def _bundle(folder: Path) -> dict[str, Any]:
    """The files that web/assets/bundle.mjs made of the collected ones."""
    node = Path(sys.executable).parent / "node"
    done = subprocess.run(
        [node if node.exists() else "node", settings.BASE_DIR / BUNDLER, folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BundlingError(done.stderr.strip())
    bundled: dict[str, Any] = json.loads(done.stdout)
    return bundled
