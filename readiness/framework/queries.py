"""The framework in force, and earlier versions of it, as the frozen values that scoring reads."""

from functools import lru_cache

from readiness.framework.core.definition import Framework
from readiness.framework.core.loading import load
from readiness.framework.models import FrameworkVersion


class NothingPublishedError(RuntimeError):
    """No version of the framework is published; `migrate` publishes the shipped one."""


def current() -> tuple[FrameworkVersion, Framework]:
    """The published version and its definition; one small statement once the definition has been read."""
    version = FrameworkVersion.objects.published().defer("definition").first()
    if version is None:
        raise NothingPublishedError("No framework version is published. Run `manage.py migrate`.")
    return version, _definition(version.pk, version.digest)


def definition_of(version: FrameworkVersion) -> Framework:
    """The definition of any version, such as the one that an older result was judged by."""
    return _definition(version.pk, version.digest)


@lru_cache(maxsize=8)
def _definition(version_id: int, digest: str) -> Framework:
    """Keyed by digest too, so that a row rewritten under the same id is never mistaken for what it was."""
    stored = FrameworkVersion.objects.values_list("definition", flat=True).get(pk=version_id, digest=digest)
    return load(stored)
