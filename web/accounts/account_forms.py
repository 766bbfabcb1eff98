"""Forms by which administrators make and change accounts."""

from collections.abc import Callable
from typing import Any

from django import forms

from accounts.models import ScopeKind, User
from web import scopes
from web.accounts.forms import USERNAME_HELP, AccountForm
from web.forms import ShownForm

ROLE_CHOICES = [
    ("viewer", "viewer: looks at everything"),
    ("ops", "ops: also sources and the state of devices; asks for waivers"),
    ("planner", "planner: also inventory and workloads; asks for waivers"),
    ("manager", "manager: also the owners of sites; sees users; decides on waivers"),
    ("admin", "admin: everything, users too"),
]


def _places(kind: ScopeKind) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [(slug, name) for (of, slug), name in scopes.places().items() if of == kind]


class ScopesForm(forms.Form):
    """An empty choice means no limit."""

    regions = forms.MultipleChoiceField(
        label="Only these regions",
        choices=_places(ScopeKind.REGION),
        required=False,
        help_text="Includes sites added later. Choose none for all sites.",
    )
    sites = forms.MultipleChoiceField(
        label="Only these sites", choices=_places(ScopeKind.SITE), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("regions", "sites"):
            field: Any = self.fields[name]
            present = list(field.choices)
            # Keep limits to deleted places: dropping the last one would silently allow everything.
            gone = set(self.initial.get(name, ())) - {slug for slug, _ in present}
            field.choices = [*present, *((slug, f"{slug.partition('#')[0]} (gone)") for slug in sorted(gone))]

    def arguments(self) -> dict[str, Any]:
        """Return the answers as arguments of an operation, with regions and sites as scopes."""
        values = dict(self.cleaned_data)
        regions, sites = values.pop("regions"), values.pop("sites")
        scopes = [(ScopeKind.REGION.value, slug) for slug in regions] + [
            (ScopeKind.SITE.value, slug) for slug in sites
        ]
        return values | {"scopes": scopes}


class AccountOwnerChoice(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(
            User.objects.people_who_sign_in().order_by("username"),
            label="Owner",
            empty_label="Choose…",
            help_text="The person who answers for it, and gets mail before its tokens end.",
        )

    def label_from_instance(self, user: User) -> str:
        return f"{user.get_full_name()} ({user.username})" if user.get_full_name() else user.username


def _purpose() -> forms.CharField:
    return forms.CharField(
        label="Purpose",
        max_length=300,
        help_text="Which program acts with it, and what it does, in a sentence.",
    )


class LeaverForm(forms.Form):
    """Asks who takes over the service accounts of a person who leaves."""

    to = AccountOwnerChoice()

    def __init__(self, *args: Any, person: User, owned: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["to"]
        field.queryset = field.queryset.exclude(pk=person.pk)
        field.label, field.required = "New owner of their service accounts", False
        field.help_text = "Without one, nobody answers for them until somebody is chosen on their pages."
        if not owned:
            del self.fields["to"]


class UserForm(ShownForm, ScopesForm):
    """The form for an administrator to change a user."""

    name = forms.CharField(label="Full name", max_length=300, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES)
    is_active = forms.BooleanField(
        label="May sign in",
        required=False,
        help_text="If this is off, the user's tokens do not work either.",
    )
    field_order = ["name", "email", "role", "is_active", "regions", "sites"]


class ServiceAccountForm(ShownForm, ScopesForm):
    """The form for an administrator to change a service account."""

    purpose = _purpose()
    owner = AccountOwnerChoice()
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES)
    is_active = forms.BooleanField(
        label="Active", required=False, help_text="If this is off, its tokens do not work."
    )
    field_order = ["purpose", "owner", "role", "is_active", "regions", "sites"]


class NewServiceAccountForm(ScopesForm):
    username = User._meta.get_field("username").formfield(help_text=USERNAME_HELP)
    purpose = _purpose()
    owner = AccountOwnerChoice()
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES)
    field_order = ["username", "purpose", "owner", "role", "regions", "sites"]

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"kind": User.Kind.SERVICE}


class NewUserForm(ScopesForm, AccountForm):
    username = User._meta.get_field("username").formfield(help_text=USERNAME_HELP)
    name = forms.CharField(label="Full name", max_length=300, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES)
    field_order = ["username", "name", "email", "role", "regions", "sites", "password", "password_again"]
