"""Why evidence is refused, in words for whoever sent it."""

from datetime import timedelta

from inventory.models import Site

OLDEST = timedelta(days=366 * 20)
"""What is dated further back comes from a clock that was never set."""


class EvidenceRefused(ValueError):
    """`field` names what is wrong with what was sent, `reason` is a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class FileTooLarge(EvidenceRefused):
    """The file is larger than is kept."""


class SameFile(EvidenceRefused):
    """The file is one of the site's runs already; `run_id` says which."""

    def __init__(self, field: str, reason: str, run_id: int) -> None:
        super().__init__(field, reason)
        self.run_id = run_id


def refuse_retired(site: Site) -> None:
    """Nothing new is proved of a site that is gone: it has no verdict that evidence could bear."""
    if site.stage == Site.Stage.RETIRED:
        raise EvidenceRefused("site", f"{site.name} is retired.")
