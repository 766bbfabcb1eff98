"""Forms of reviews, actions and approvers. They read; the operations check and save."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms

from accounts.models import User
from inventory.models import Site
from readiness.evidence.models import ReviewAction, SigningDomain
from web.forms import WITH_NEIGHBOURS, DayInput, PersonField, RefusedForm

NOBODY = "– name later –"


def _people() -> Any:
    return User.objects.filter(is_active=True).order_by("username")


def reviewable() -> Any:
    stages = [Site.Stage.COMMISSIONING, Site.Stage.PRODUCTION]
    return Site.objects.filter(stage__in=stages).order_by("name", "pk")


class ReviewedSiteForm(forms.Form):
    """The form asks for the site first, since who may sign depends on it."""

    site = forms.ModelChoiceField(reviewable(), to_field_name="slug", label="Site")


class OpenForm(RefusedForm):
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, named: Mapping[str, Sequence[User]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken: set[int] = set()
        for domain, label in SigningDomain.choices:
            users = named[domain]
            field = PersonField(
                _people().filter(pk__in=[user.pk for user in users]),
                label=label,
                required=False,
                empty_label=NOBODY,
                help_text="" if users else "Nobody may sign for this domain yet.",
            )
            self.fields[domain] = field
            if len(users) == 1 and users[0].pk not in taken:
                self.initial.setdefault(domain, users[0].pk)
                taken.add(users[0].pk)
        self.order_fields([*SigningDomain.values, "note"])

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "note": given["note"],
            "approvers": {domain: given[domain] for domain in SigningDomain.values},
        }


class NameForm(RefusedForm):
    approver = PersonField(_people(), label="Person", required=False, empty_label=NOBODY)

    def __init__(self, *args: Any, users: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["approver"])
        field.queryset = _people().filter(pk__in=[user.pk for user in users])


class ActionForm(RefusedForm):
    title = forms.CharField(label="What", max_length=300)
    critical = forms.BooleanField(label="Critical: no go while it is open", required=False)
    owner = PersonField(_people(), label="Person", required=False, empty_label="– somebody else –")
    owner_name = forms.CharField(
        label="Or somebody else", required=False, max_length=120, help_text="Who has no account here."
    )
    due_on = forms.DateField(label="Due", required=False, widget=DayInput(), validators=WITH_NEIGHBOURS)

    def __init__(self, *args: Any, action: ReviewAction | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if action is not None:
            self.initial = {
                name: action.owner_id if name == "owner" else getattr(action, name) for name in self.fields
            }


class ApproverForm(RefusedForm):
    domain = forms.ChoiceField(label="Domain", choices=SigningDomain.choices)
    user = PersonField(_people(), label="Person")
    site = forms.ModelChoiceField(
        Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"),
        to_field_name="slug",
        label="Site",
        required=False,
        empty_label="– every site –",
        help_text="A site’s own list takes the place of the one for every site, domain by domain.",
    )
