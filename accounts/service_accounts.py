"""Rules about service accounts: who owns them, and what they never have."""

from django.core.exceptions import ValidationError

from accounts.models import ExternalIdentity, User


def refuse_unfit(user: User, *, with_password: bool = False) -> None:
    """Raise ValidationError, by field, unless kind, owner and purpose of the account agree.

    A service account of before this rule may stay without an owner and a purpose until somebody enters them.
    """
    errors = _faults_of_service(user, with_password) if user.is_service else _faults_of_person(user)
    if errors:
        raise ValidationError(errors)


def _faults_of_person(user: User) -> dict[str, str]:
    return {
        name: f"Only a service account has {words}."
        for name, words in (("owner", "an owner"), ("purpose", "a purpose"))
        if getattr(user, name)
    }


def _faults_of_service(user: User, with_password: bool) -> dict[str, str]:
    errors = {}
    before = User.objects.filter(pk=user.pk, kind=User.Kind.SERVICE).first()
    if with_password:
        errors["password"] = "A service account has no password: its program acts by tokens."
    if user.owner is None and (before is None or before.owner_id is not None):
        errors["owner"] = "Choose the person who answers for this service account."
    elif user.owner is not None and (before is None or before.owner_id != user.owner_id):
        errors |= _fault_of_owner(user.owner)
    if not user.purpose and (before is None or before.purpose):
        errors["purpose"] = "Say in a sentence what this service account is for."
    if before is None and user.pk and (fault := _fault_of_former_person(user)):
        errors["kind"] = fault
    return errors


def _fault_of_owner(owner: User) -> dict[str, str]:
    if User.objects.people_who_sign_in().filter(pk=owner.pk).exists():
        return {}
    return {"owner": f"{owner} cannot own it: the owner is a person who can sign in."}


def _fault_of_former_person(user: User) -> str:
    """Why the account of a person cannot become a service account; "" if it can."""
    if user.has_usable_password() or ExternalIdentity.objects.filter(user=user).exists():
        return "A person signs in with this account."
    return "This account owns service accounts." if user.service_accounts.exists() else ""
