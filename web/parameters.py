"""Errors in address parameters, without Django, so that cores can raise them."""


class BadParameter(ValueError):
    """`field` is the wrong parameter of an address, `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
