"""Why a whole body was refused. The caller answers; the number in each name's line is the HTTP status it means."""


class BodyError(ValueError):
    """A body of which nothing is stored. `reason` is text for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedBody(BodyError):
    """400: empty, truncated, or not of the format it claims to be."""


class WriteTooLarge(BodyError):
    """413: more bytes or series than one body may hold, known before they are held in memory."""


class UnsupportedEncoding(BodyError):
    """415: a Content-Encoding this format does not come in."""
