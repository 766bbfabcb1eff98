"""Password rules in addition to Django's own."""

import re

from django.core.exceptions import ValidationError

from accounts.models import User


class RepetitionValidator:
    """Refuses a short piece repeated, such as the user name three times: long, but easy to guess."""

    SHORTEST_PIECE = 8

    def validate(self, password: str, user: User | None = None) -> None:
        text = password.casefold()
        repeated = re.fullmatch(r"(.+?)\1+", text)
        if repeated is not None and len(repeated[1]) < self.SHORTEST_PIECE:
            raise ValidationError("The password repeats one short piece.", code="password_repeats")
        name = user.get_username().casefold() if user is not None else ""
        if name and len(text.replace(name, "")) < self.SHORTEST_PIECE and name in text:
            raise ValidationError("The password is little more than the user name.", code="password_is_name")

    def get_help_text(self) -> str:
        return "Your password can’t be the user name or a short piece repeated."
