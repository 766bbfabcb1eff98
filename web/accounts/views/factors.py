"""One's second factors, and those of a user who lost them."""

from base64 import b64decode, b64encode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import codes, sessions
from accounts.models import SecondFactor, User
from accounts.operations import NotAllowed
from web import clock
from web.accounts import factors
from web.accounts.forms import AppForm
from web.accounts.signing import note_sign_in
from web.ages import ago
from web.confirming import confirmed
from web.delivery.secrets import SecretUnreadable, decrypt, encrypt, has_key
from web.permissions import asks, reads, require, signed_in
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.units import how_many

ISSUER = "Muster"


@reads()
def own(request: UserRequest) -> HttpResponse:
    return own_factors(request)


@sensitive_post_parameters()
@asks()
@confirmed
def add_app(request: UserRequest) -> HttpResponse:
    """Show the secret of a new app as a QR code, and take the first code that the app shows.

    The secret lies encrypted in the form, because reading a page writes nothing.
    """
    if not has_key():
        # Its page says why.
        return redirect("second-factor")
    secret = _secret_of(request.POST["secret"]) if "secret" in request.POST else factors.new_secret()
    form = AppForm(request.POST or None, initial={"secret": _sealed(secret)})
    if request.method == "POST" and form.is_valid():
        try:
            added = factors.add_app(
                request.user, secret=secret, code=form.cleaned_data["code"], now=clock.now()
            )
        except ValidationError as error:
            form.add_error("code" if "code" in error.message_dict else None, error.messages[0])
        else:
            sessions.note_factor(request.session)
            note_sign_in(request, "Authenticator app added", request.user.get_username())
            messages.success(
                request, "The authenticator app is added. From now on, the password alone signs nobody in."
            )
            return own_factors(request, recovery_codes=added.recovery_codes)
    address = codes.app_address(secret, account=request.user.get_username(), issuer=ISSUER)
    context = {"tabs": settings_tabs(request, "second-factor"), "form": form, "picture": _qr_code(address)}
    return render(request, "accounts/app_add.html", context | {"secret": codes.spelled(secret)})


@require_POST
@never_cache
@signed_in
@confirmed
def new_codes(request: UserRequest) -> HttpResponse:
    """Answer with the codes themselves instead of a redirect: they are shown once."""
    if not factors.has_factor(request.user):
        messages.error(request, "Recovery codes stand for a second factor. Add one first.")
        return redirect("second-factor")
    return own_factors(request, recovery_codes=factors.new_recovery_codes(request.user, now=clock.now()))


@require_POST
@signed_in
@confirmed
def remove(request: UserRequest, pk: int) -> HttpResponse:
    factor = get_object_or_404(SecondFactor.objects.select_related("user"), pk=pk, user=request.user)
    try:
        factors.remove_factor(factor, by=request.user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        note_sign_in(request, "Second factor removed", request.user.get_username())
        messages.success(request, f"{factor} is removed.")
    return redirect("second-factor")


@require_POST
@require("accounts.view_user", "accounts.change_user")
@confirmed
def remove_all_of(request: UserRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    try:
        count = factors.remove_all_factors(user, by=request.user, now=clock.now())
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    note_sign_in(request, f"Second factors removed by {request.user.get_username()!r}", user.get_username())
    messages.success(request, f"{user}: {how_many(count, 'second factor is', 'second factors are')} removed.")
    return redirect("user-detail", pk=pk)


def _qr_code(text: str) -> str:
    """The address of a picture. Its library is loaded by whoever adds an app, and by no other process."""
    import segno

    return segno.make(text, error="m").svg_data_uri(scale=5, border=4, light="white")


def own_factors(request: UserRequest, recovery_codes: list[str] | None = None) -> HttpResponse:
    now = clock.now()
    rows = [(factor, ago(factor.last_used_at, now=now)) for factor in request.user.factors.all()]
    context = {
        "tabs": settings_tabs(request, "second-factor"),
        "factors": rows,
        "has_app": any(factor.kind == SecondFactor.Kind.APP for factor, _ in rows),
        "codes_left": factors.codes_left(request.user) if rows else 0,
        "recovery_codes": recovery_codes,
        "codes_text": "\n".join(recovery_codes or ()),
        "due_at": sessions.factor_due_at(request.session),
        "has_key": has_key(),
    }
    return render(request, "accounts/second_factor.html", context)


def _sealed(secret: bytes) -> str:
    return b64encode(encrypt(secret.hex())).decode()


def _secret_of(sealed: str) -> bytes:
    try:
        return bytes.fromhex(decrypt(b64decode(sealed, validate=True)))
    except (ValueError, SecretUnreadable) as error:
        raise BadRequest("The form is too old. Open the page again.") from error
