"""Why a version cannot be changed or published, beside what is wrong with the document itself."""


class VersionConflict(Exception):
    """The version is not what somebody thought it is; the message says why."""


class NotADraft(VersionConflict):
    """It is or was in force; what decided something is not rewritten."""


class NotInForce(VersionConflict):
    """Only the version in force is taken out."""


class NothingPublished(VersionConflict):
    """No version is in force, so nothing can be decided."""


class StaleRevision(VersionConflict):
    """The draft went on since it was read; the message says who did what."""


class StaleContent(VersionConflict):
    """The content is another one than what was decided on."""


class NeedsReason(Exception):
    """Publishing it so is an exception that has to be explained; `why` are the sentences of what stands against it."""

    def __init__(self, why: list[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why
