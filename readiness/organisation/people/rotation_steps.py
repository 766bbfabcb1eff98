"""Buttons of a rotation's form that change what was entered: they add, remove and move, and look at nothing else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from readiness.organisation.people.core.drafts import MOST_IN_TURN, MOST_LAYERS
from readiness.organisation.people.models import Person
from web.clock import now
from web.forms import MinuteInput
from web.units import localtime

FIELDS_OF_LAYER = ("id", "name", "level", "starts_at", "ends_at", "rule", "duration_h", "turn_shifts")
NEW_LAYER = {"level": "1", "rule": "FREQ=WEEKLY;BYDAY=MO", "duration_h": "168", "turn_shifts": "1"}


def entered_ids(data: Mapping[str, Any] | None, initial: Mapping[str, Any]) -> list[list[int]]:
    """The people of each layer in order, as entered or else as stored."""
    if data is None:
        return [list(layer["people"]) for layer in initial.get("layers", ())]
    return [_ids(data, place) for place in range(_count(data))]


def _count(data: Any) -> int:
    text = data.get("layers", "")
    return min(int(text), MOST_LAYERS + 1) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _ids(data: Any, place: int) -> list[int]:
    texts = data.getlist(f"layers-{place}-people")[: MOST_IN_TURN + 1]
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 16]


def people_by_label() -> dict[str, int]:
    """People who have not left, by name; of one name also by e-mail or number."""
    rows = list(Person.objects.present(now()).order_by("name", "pk").values_list("pk", "name", "email"))
    times = Counter(name.casefold() for _, name, _ in rows)
    return {
        name if times[name.casefold()] == 1 else f"{name} ({email or f'person {pk}'})": pk
        for pk, name, email in rows
    }


@dataclass(frozen=True, slots=True)
class EditedForm:
    """The entered data after a button that adds, removes or moves; the id of the control to go on with; and, by layer,
    a name that nobody has."""

    data: MultiValueDict[str, Any]
    focus: str
    unknown: Mapping[int, str]


def stepped(data: QueryDict, step: str) -> EditedForm:
    layers: list[dict[str, Any]] = [
        {name: data.get(f"layers-{place}-{name}", "") for name in FIELDS_OF_LAYER}
        | {"people": _ids(data, place)}
        for place in range(_count(data))
    ]
    verb, _, where = step.partition(":")
    places = [int(text[:6]) for text in where.split(":") if text.isascii() and text.isdecimal()]
    focus, unknown = "", dict[int, str]()
    if verb == "add-layer" and len(layers) < MOST_LAYERS:
        layers.append(_new_layer())
        focus = f"id_layers-{len(layers) - 1}-name"
    elif verb == "remove-layer" and places and places[0] < len(layers):
        del layers[places[0]]
        focus = "add-layer"
    elif verb == "add" and places and places[0] < len(layers):
        place, name = places[0], data.get(f"layers-{places[0]}-add", "").strip()
        focus = f"add-{place}"
        if (pk := _person_called(name)) is None:
            unknown[place] = name
        elif len(layers[place]["people"]) < MOST_IN_TURN:
            layers[place]["people"].append(pk)
    elif len(places) == 2 and places[0] < len(layers):
        focus = _turned(layers[places[0]]["people"], verb, *places)
    return EditedForm(_entered(data, layers), focus, unknown)


def _person_called(name: str) -> int | None:
    by_label = {label.casefold(): pk for label, pk in people_by_label().items()}
    return by_label.get(name.casefold())


def _entered(data: QueryDict, layers: list[dict[str, Any]]) -> MultiValueDict[str, Any]:
    fields: MultiValueDict[str, Any] = MultiValueDict(
        {key: data.getlist(key) for key in data if not key.startswith("layers")}
    )
    fields["layers"] = str(len(layers))
    for place, layer in enumerate(layers):
        fields.setlist(f"layers-{place}-people", [str(pk) for pk in layer["people"]])
        for name in FIELDS_OF_LAYER:
            fields[f"layers-{place}-{name}"] = layer[name]
    return fields


def _new_layer() -> dict[str, Any]:
    begins = localtime(now()).replace(hour=8, minute=0)
    return (
        dict.fromkeys(FIELDS_OF_LAYER, "")
        | NEW_LAYER
        | {"starts_at": MinuteInput().format_value(begins), "people": []}
    )


def _turned(people: list[int], verb: str, layer: int, place: int) -> str:
    """Remove or move a person in the turns of a layer; return the control to go on with."""
    if verb == "remove" and place < len(people):
        del people[place]
        return f"remove-{layer}-{min(place, len(people) - 1)}" if people else f"add-{layer}"
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if place < len(people) and 0 <= other < len(people) and other != place:
        people[place], people[other] = people[other], people[place]
        # At an end of the list the other button goes on.
        is_at_end = other == (0 if verb == "up" else len(people) - 1)
        return f"{('down' if verb == 'up' else 'up') if is_at_end else verb}-{layer}-{other}"
    return ""
