"""Static files under hashed names, including modules, compressed once when they are collected."""

from pathlib import Path
from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The API documentation is seldom opened; compressing its 6 MB at the best level took longer than all else.
SELDOM = frozenset({"drf_spectacular_sidecar", "rest_framework"})


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


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also rewrites `import` paths; a module would otherwise import the unhashed, uncached file."""

    support_js_module_import_aggregation = True

    def create_compressor(self, **options: Any) -> StaticCompressor:
        return StaticCompressor(**options)
