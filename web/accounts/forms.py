"""Forms of accounts."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.safestring import SafeString

from accounts import operations, throttling
from accounts.models import Token, User
from web import clock, units
from web.accounts import factors

USERNAME_HELP = "Letters, digits and @ . + - _"
# Lifetime of a token in days.
LIFETIMES = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("never", "Never"),
]


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Turn refusals of the operation inside into errors of the form, at the fields that it has."""
    try:
        yield
    except ValidationError as error:
        faults = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in faults.items():
            form.add_error(name if name in form.fields else None, ValidationError(messages))
    except (operations.NotAllowed, operations.UnknownRole) as error:
        form.add_error(None, str(error))


class TriedTooOften(ValidationError):
    """Too many attempts: the next one has to wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            "Too many attempts. Try again in %(wait)s.",
            code="throttled",
            params={"wait": units.duration(wait_s)},
        )


class CountedTry:
    """A form that counts each attempt before it checks the secret. `wait_s` is above 0 if it was refused unchecked."""

    request: HttpRequest
    wait_s = 0

    @contextmanager
    def counted(self, username: str) -> Iterator[None]:
        """Check the secret inside; an error there leaves the attempt counted."""
        now, address = clock.now(), self.request.META.get("REMOTE_ADDR", "")
        self.wait_s = throttling.begin(username=username, address=address, now=now)
        if self.wait_s:
            raise TriedTooOften(self.wait_s)
        yield
        throttling.succeeded(username=username, address=address, now=now)


class SignInForm(CountedTry, AuthenticationForm):
    request: HttpRequest  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not (username and password):
            return self.cleaned_data
        with self.counted(username):
            return super().clean()


def _code_input(**attrs: bool) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "off", **attrs})


class CodeForm(CountedTry, forms.Form):
    """Asks for the code of an authenticator app, or a recovery code."""

    code = forms.CharField(label="Code", max_length=40, widget=_code_input(autofocus=True))

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        # No user name has a colon.
        with self.counted(f"second:{self.user.pk}"):
            if not factors.takes_code(self.user, code, now=clock.now()):
                # The security log lists it beside wrong passwords.
                credentials = {"username": self.user.get_username()}
                # Whoever is signed in confirms by a code where the account has no password.
                follows_password = not self.request.user.is_authenticated
                user_login_failed.send(
                    sender=__name__, credentials=credentials, request=self.request, is_second=follows_password
                )
                raise ValidationError("This code is wrong, or was used already.", code="wrong_code")
        return code


class IdentityForm(CountedTry, forms.Form):
    """Asks a signed-in user for the password again."""

    password = forms.CharField(
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        strip=False,
        max_length=1000,
    )

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        username = self.user.get_username()
        with self.counted(username):
            if authenticate(self.request, username=username, password=password) != self.user:
                raise ValidationError("This is not your password.", code="wrong_password")
        return password


class KeepTokens(forms.BooleanField):
    def __init__(self) -> None:
        super().__init__(
            label="Keep the tokens",
            required=False,
            help_text="Otherwise the user's tokens stop working, since whoever knew the password may have one.",
        )


class OwnPasswordForm(CountedTry, PasswordChangeForm):
    """Also asks for the present password."""

    keep_tokens = KeepTokens()
    revoked = 0

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        password, username = self.cleaned_data["old_password"], self.user.get_username()
        with self.counted(username):
            if authenticate(self.request, username=username, password=password) != self.user:
                raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return str(password)

    def save(self, commit: bool = True) -> User:
        self.revoked = operations.set_password(
            self.user,
            self.cleaned_data["new_password1"],
            keep_tokens=self.cleaned_data["keep_tokens"],
            by=self.user,
            now=clock.now(),
        )
        return self.user


def _rules() -> SafeString:
    """The password rules, worded for somebody who chooses a password for another person."""
    text = password_validators_help_text_html()
    return SafeString(text.replace("Your password", "The password").replace("your other", "other"))


class NewPasswordForm(forms.Form):
    """A password typed twice and checked by the rules of this installation."""

    user: User
    password = forms.CharField(
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        max_length=1000,
        help_text=lazy(_rules, str)(),
    )
    password_again = forms.CharField(
        label="Password, again",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        max_length=1000,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password != cleaned.get("password_again"):
            self.add_error("password_again", "The two passwords differ.")
        elif password:
            try:
                validate_password(password, self.person())
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def person(self) -> User:
        """The person whose password it will be: a password similar to the name is refused."""
        return User(username=self.cleaned_data.get("username", ""), email=self.cleaned_data.get("email", ""))


class SetPasswordForm(NewPasswordForm):
    """Sets a user's password without the present one: for an administrator, or by a mailed link."""

    keep_tokens = KeepTokens()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def person(self) -> User:
        return self.user


class AppForm(forms.Form):
    """Asks for the first code of a new authenticator app; `secret` is that of the app, encrypted."""

    secret = forms.CharField(widget=forms.HiddenInput, max_length=500)
    code = forms.CharField(
        label="Code that the app shows", max_length=12, widget=_code_input(), help_text="Six digits."
    )


class PasskeyForm(forms.Form):
    """Asks how to call a new passkey; a script adds what the browser made."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="So that you know it again: Laptop, Phone, Blue key.",
        error_messages={"required": "Give the passkey a name."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.user.factors.filter(name=name).exists():
            raise ValidationError("You have a second factor of this name already.")
        return name


class AskResetForm(forms.Form):
    name = forms.CharField(label="User name or e-mail", max_length=254)


class AccountForm(NewPasswordForm):
    """A form that makes an account; without passwords while these are switched off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.PASSWORDS:
            del self.fields["password"], self.fields["password_again"]


class FirstAdminForm(AccountForm):
    username = User._meta.get_field("username").formfield(help_text=USERNAME_HELP)
    email = forms.EmailField(label="E-mail", required=False)
    field_order = ["username", "email", "password", "password_again"]


class DisplayForm(forms.Form):
    """How this person sees Muster. `views` are the possible start pages: (url name, label)."""

    theme = forms.ChoiceField(label="Theme", choices=User.Theme.choices)
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in zones()],
        help_text="For times on pages; the API always uses UTC.",
    )
    default_view = forms.ChoiceField(label="Default view", help_text="The page after signing in.")
    shortcuts = forms.BooleanField(
        label="Use single-key shortcuts",
        required=False,
        help_text="Press ? on any page to list the shortcuts.",
    )

    def __init__(self, *args: Any, views: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = self.fields["default_view"]
        assert isinstance(offered, forms.ChoiceField)
        offered.choices = views
        if not views:
            # A user without any permission has no start page.
            del self.fields["default_view"]


def zones() -> list[str]:
    """UTC first, then the zones named by place."""
    place_zones = {
        zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/")
    }
    return ["UTC", *sorted(place_zones)]


class TokenForm(forms.Form):
    """Tokens of telemetry sources are made with the source, not here."""

    name = forms.CharField(label="Name", max_length=100, help_text="The program that will use the token.")
    scope = forms.ChoiceField(
        label="Scope",
        choices=[
            (Token.Scope.READ.value, Token.Scope.READ.label),
            (Token.Scope.WRITE.value, Token.Scope.WRITE.label),
        ],
    )
    lifetime = forms.ChoiceField(label="Expires after", choices=LIFETIMES, initial="90")

    def expires_at(self, now: datetime) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return None if days == "never" else now + timedelta(days=int(days))
