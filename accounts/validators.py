"""Password rules in addition to Django's own."""

import logging
import re
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.breached import is_breached
from accounts.models import User

log = logging.getLogger(__name__)


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


class ContextValidator:
    """Refuses a password that is little more than words of this installation: `muster2026!` is the first guess."""

    SHORTEST_REST = 6
    WORDS = ("muster", "password", "admin", "dashboard")

    def validate(self, password: str, user: User | None = None) -> None:
        letters = re.sub(r"[\W\d_]", "", password.casefold())
        rest = re.sub("|".join(map(re.escape, self._words(user))), "", letters)
        if rest != letters and len(rest) < self.SHORTEST_REST:
            raise ValidationError(
                "The password is little more than a word that everybody here would try.",
                code="password_context",
            )

    def get_help_text(self) -> str:
        return "Your password can’t be a word such as “muster” or the name of this installation with some digits."

    def _words(self, user: User | None) -> list[str]:
        """Longest first, without digits; parts of the configured host, of the user name and of the mail address too."""
        texts = [urlsplit(settings.BASE_URL).hostname or "", *self.WORDS]
        texts += [user.get_username(), user.email] if user is not None else []
        words = {word for text in texts for word in re.split(r"[\W\d_]+", text.casefold()) if len(word) > 3}
        return sorted(words, key=len, reverse=True)


class BreachedValidator:
    """Refuses a password of the list of breached ones, if the installation has such a list."""

    def validate(self, password: str, user: User | None = None) -> None:
        if not settings.BREACHED_PASSWORDS:
            return
        try:
            is_listed = is_breached(password, Path(settings.BREACHED_PASSWORDS))
        except OSError as error:
            log.error("The list of breached passwords cannot be read: %s", error)
            raise ValidationError(
                "Muster cannot read its list of breached passwords, so no password can be set. Tell your"
                " administrator.",
                code="password_list_unreadable",
            ) from error
        if is_listed:
            raise ValidationError(
                "The password is on a list of passwords that were stolen elsewhere.", code="password_breached"
            )

    def get_help_text(self) -> str:
        return "Your password can’t be on a list of stolen passwords." if settings.BREACHED_PASSWORDS else ""
