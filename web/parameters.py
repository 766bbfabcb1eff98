"""Parameters of addresses that cannot be read, without Django, so that cores refuse them too."""


class BadParameter(ValueError):
    """`field` is the parameter of an address that cannot be read, `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
