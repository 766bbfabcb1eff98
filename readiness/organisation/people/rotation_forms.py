"""The form of a whole rotation: itself, its sites, its layers and whose turn comes after whose.

Every button posts the form. One that adds, removes or moves shows it again as entered, unsaved and unchecked; another
shows a preview; the last saves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.text import slugify

from inventory.homes import HOME_FIELDS, home_fields, offer_homes, refuse_homeless
from inventory.models import Site
from inventory.models.places import DomainChoices, validate_time_zone
from readiness.organisation.people import strips
from readiness.organisation.people.core.drafts import (
    DraftLayer,
    RotationDraft,
)
from readiness.organisation.people.duty_panels import breach_words
from readiness.organisation.people.models import Level, Person, Rotation, Team
from readiness.organisation.people.operations.editing import refuse_draft
from readiness.organisation.people.queries.drafts import RotationPreview, draft_of, preview_of
from readiness.organisation.people.rotation_steps import (
    FIELDS_OF_LAYER,
    entered_ids,
    people_by_label,
    stepped,
)
from web.clock import now
from web.fields import correction
from web.forms import MinuteInput, PlainNumberField, RefusedForm, Suggesting

SAVE, PREVIEW = "save", "preview"
RULES = ("FREQ=DAILY", "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY")


class LayerForm(forms.Form):
    """`people` are hidden fields in the order of the turns."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=100, required=False)
    level = forms.TypedChoiceField(label="Level", choices=Level.choices, coerce=int)
    starts_at = forms.DateTimeField(
        label="First shift starts at", widget=MinuteInput(), help_text="In your time zone."
    )
    ends_at = forms.DateTimeField(
        label="Ends at", widget=MinuteInput(), required=False, help_text="In your time zone."
    )
    rule = forms.CharField(
        label="A shift begins",
        max_length=300,
        widget=Suggesting(RULES),
        help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=MO for each Monday.",
    )
    duration_h = PlainNumberField(label="Shift lasts", min_value=0.25, max_value=744, help_text="Hours.")
    turn_shifts = forms.IntegerField(label="Shifts in a row", min_value=1, max_value=1000)

    def __init__(
        self, *args: Any, people: list[Person], place: int, focus: str, unknown: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.turns, self.place, self.focus, self.unknown = people, place, focus, unknown

    @property
    def number(self) -> int:
        return self.place + 1

    @property
    def has_ended(self) -> bool:
        """Whether the layer ended before now: it is folded, unless somebody is at work on it."""
        is_at_work = self.focus.partition("-")[2].startswith(f"{self.place}-") or self.focus == self.add_id
        try:
            ends_at = self.fields["ends_at"].clean(self["ends_at"].value())
        except ValidationError:
            return False
        return ends_at is not None and ends_at <= now() and not self.errors and not is_at_work

    @property
    def add_id(self) -> str:
        return f"add-{self.place}"

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """The people in order, each with the buttons that move and remove them."""
        last = len(self.turns) - 1
        for place, person in enumerate(self.turns):
            verbs = (
                ("up", "Move up", "arrow-up", place == 0),
                ("down", "Move down", "arrow-down", place == last),
                ("remove", "Remove", "x", False),
            )
            buttons = [
                {
                    "id": f"{verb}-{self.place}-{place}",
                    "value": f"{verb}:{self.place}:{place}",
                    "label": label,
                    "icon": icon,
                    "is_off": is_off,
                }
                for verb, label, icon, is_off in verbs
            ]
            yield {"person": person, "buttons": buttons}

    def draft(self) -> DraftLayer:
        fields = self.cleaned_data
        return DraftLayer(
            id=fields["id"],
            name=fields["name"],
            level=fields["level"],
            starts_at=fields["starts_at"],
            ends_at=fields["ends_at"],
            rule=fields["rule"],
            duration_min=round(60 * fields["duration_h"]),
            turn_shifts=fields["turn_shifts"],
            people=tuple(person.pk for person in self.turns),
        )


class WholeRotationForm(RefusedForm):
    """`step` is the value of the button; `seen` says which stored rotation was opened."""

    name = forms.CharField(label="Name", max_length=100)
    slug = forms.SlugField(
        label="Slug", max_length=100, required=False, help_text="In addresses; empty: made of the name."
    )
    domain = forms.ChoiceField(label="Domain", choices=DomainChoices.choices)
    team = forms.ModelChoiceField(
        Team.objects.order_by("name", "pk"), label="Team", required=False, empty_label="no team"
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        initial="UTC",
        validators=[validate_time_zone],
        help_text="Shifts keep their time of day there, such as in Europe/Lisbon.",
    )
    sites = forms.ModelMultipleChoiceField(
        Site.objects.order_by("name", "pk"),
        label="Sites",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="With Ctrl or the Command key, choose several.",
    )
    seen = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    groups = (
        ("Rotation", ("name", "slug", "domain", "team", "time_zone")),
        ("Where", ("sites", *HOME_FIELDS)),
    )

    def __init__(
        self, data: QueryDict | None = None, files: Any = None, *, initial: Mapping[str, Any]
    ) -> None:
        self.rotation: Rotation | None = initial.get("rotation")
        self.step = data.get("step", "") if data is not None else ""
        edited = stepped(data, self.step) if data is not None else None
        entered, self.focus = (edited.data, edited.focus) if edited is not None else (None, "")
        super().__init__(entered, initial=dict(initial))
        self.fields |= home_fields()
        offer_homes(self)
        ids = entered_ids(entered, initial)
        self.people = Person.objects.in_bulk({pk for of_layer in ids for pk in of_layer})
        self.layers = [
            LayerForm(
                entered,
                prefix=f"layers-{place}",
                initial=None if entered is not None else initial["layers"][place],
                people=[self.people[pk] for pk in of_layer if pk in self.people],
                place=place,
                focus=self.focus,
                unknown=edited.unknown.get(place, "") if edited is not None else "",
            )
            for place, of_layer in enumerate(ids)
        ]
        if self.is_bound and not self.is_checked:
            self.set_aside()

    @property
    def is_opened(self) -> bool:
        """Whether nothing was entered yet."""
        return not self.is_bound

    @property
    def is_checked(self) -> bool:
        return self.step in (SAVE, PREVIEW, "")

    @property
    def is_refused(self) -> bool:
        """A preview, and a button that adds or moves, shows the form again without a fault."""
        return bool(self.errors)

    def set_aside(self) -> None:
        """Show what was entered as it is: nothing is judged before somebody asks for it."""
        forms_of_page: tuple[Any, ...] = (self, *self.layers)
        for each in forms_of_page:
            each._errors = forms.utils.ErrorDict()
            each.cleaned_data = {}

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        fields["slug"] = fields.get("slug") or slugify(fields.get("name", ""))[:100]
        for layer in self.layers:
            for field, errors in layer.errors.as_data().items():
                bound: Any = layer[field]
                messages = [text for error in errors for text in correction(bound, error)]
                self.add_error(None, [f"Layer {layer.number}, {bound.label}: {text}" for text in messages])
        refuse_homeless(self)
        if not self.errors:
            try:
                refuse_draft(self.drafted(fields), self.rotation, now=now())
            except ValidationError as error:
                self.refused(error)
        return fields

    def is_valid(self) -> bool:
        """Only what is to be saved is."""
        return super().is_valid() and self.step == SAVE

    def drafted(self, fields: Mapping[str, Any]) -> RotationDraft:
        return RotationDraft(
            name=fields["name"],
            slug=fields["slug"],
            domain=fields["domain"],
            team=fields["team"].pk if fields["team"] else None,
            time_zone=fields["time_zone"],
            home_region=fields["home_region"].pk if fields["home_region"] else None,
            home_site=fields["home_site"].pk if fields["home_site"] else None,
            is_home_chosen=fields.get("is_home_chosen", True),
            sites=tuple(sorted(site.pk for site in fields["sites"])),
            layers=tuple(layer.draft() for layer in self.layers),
        )

    def arguments(self) -> dict[str, Any]:
        return {"draft": self.drafted(self.cleaned_data), "seen": self.cleaned_data["seen"]}

    def refused(self, error: ValidationError) -> None:
        """Messages of a layer stand at its field too."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error.messages)
            return
        for field, messages in error.message_dict.items():
            kind, _, rest = field.partition("-")
            if kind != "layers":
                self.add_error(field if field in self.fields else None, messages)
                continue
            place, _, name = rest.partition("-")
            layer, own = self.layers[int(place)], "duration_h" if name == "duration_min" else name
            where = f"Layer {layer.number}"
            if own in layer.fields:
                layer.add_error(own, messages)
                where += f", {layer.fields[own].label}"
            self.add_error(None, [f"{where}: {message}" for message in messages])

    @cached_property
    def names(self) -> list[str]:
        """Whoever may be added to the turns."""
        return list(people_by_label())

    @cached_property
    def preview(self) -> dict[str, Any] | None:
        """None while the form is opened for a new rotation, edited, or has mistakes."""
        if not self.is_bound:
            draft = draft_of(self.rotation) if self.rotation is not None else None
        elif self.is_checked and not self.errors:
            draft = self.drafted(self.cleaned_data)
        else:
            draft = None
        return preview_context(preview_of(draft, self.rotation, now=now())) if draft is not None else None


def preview_context(preview: RotationPreview) -> dict[str, Any]:
    labels = dict(Level.choices)
    return {
        "preview": preview,
        "outlook": preview.outlook,
        "levels": strips.level_strips(preview),
        "legend": strips.legend(preview),
        "loads": [(preview.people[load.person], load) for load in preview.outlook.loads],
        "breaches": [
            (preview.people[breach.person], breach_words(breach), breach, breach in preview.new_breaches)
            for breach in sorted(preview.breaches, key=lambda each: each not in preview.new_breaches)
        ],
        "doubles": [
            (preview.people[double.person], double, preview.rotations.get(double.rotation, ""))
            for double in preview.outlook.doubles
        ],
        "gaps": [(labels[gap.level], gap) for gap in preview.outlook.gaps],
        "changes": [
            (
                labels[each.level],
                each,
                preview.people.get(each.before or 0),
                preview.people.get(each.after or 0),
            )
            for each in preview.outlook.changes
        ],
    }


def initial_of(rotation: Rotation) -> dict[str, Any]:
    draft = draft_of(rotation)
    names = ("name", "slug", "domain", "team", "time_zone", "is_home_chosen", "sites")
    homes = {"home_region": rotation.home_region, "home_site": rotation.home_site}
    return {name: getattr(draft, name) for name in names} | {
        **{name: place.slug for name, place in homes.items() if place is not None},
        "rotation": rotation,
        "seen": draft.fingerprint,
        "layers": [
            {name: getattr(layer, name, None) for name in FIELDS_OF_LAYER}
            | {"duration_h": layer.duration_min / 60, "people": layer.people}
            for layer in draft.layers
        ],
    }
