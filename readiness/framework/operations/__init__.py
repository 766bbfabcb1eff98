"""Changes the framework: drafts and their steps, publishing one, going back to what was in force before."""

from readiness.framework.operations.drafts import discard, edit, make_draft, replace
from readiness.framework.operations.publishing import (
    SHIPPED,
    VersionExistsError,
    publish,
    publish_draft,
    publish_shipped,
    roll_back,
)

__all__ = [
    "SHIPPED",
    "VersionExistsError",
    "discard",
    "edit",
    "make_draft",
    "publish",
    "publish_draft",
    "publish_shipped",
    "replace",
    "roll_back",
]
