"""Static files under hashed names, for modules too."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Rewrites `import` paths too; a module would otherwise import the unhashed, uncached file."""

    support_js_module_import_aggregation = True
