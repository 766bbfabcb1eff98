"""A rotation written whole: itself, its sites, its layers and whose turn comes after whose; all or nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from accounts.models import User
from readiness.organisation.people.core.drafts import (
    MOST_IN_TURN,
    MOST_LAYERS,
    DraftLayer,
    RotationDraft,
)
from readiness.organisation.people.models import Layer, LayerMember, Person, Rotation, RotationSite
from readiness.organisation.people.operations.rotations import write_entered_shifts
from readiness.organisation.people.queries.drafts import draft_of
from web.visibility import SEES_NAMES
from web.workflows import require

MAY_EDIT = (
    *("people.change_rotation", "people.add_rotationsite", "people.delete_rotationsite"),
    *(f"people.{verb}_{model}" for model in ("layer", "layermember") for verb in ("add", "change", "delete")),
    SEES_NAMES,
)
MAY_START = ("people.add_rotation", *MAY_EDIT)


@transaction.atomic
def save_rotation(
    rotation: Rotation | None = None,
    *,
    draft: RotationDraft,
    seen: str = "",
    by: User,
    now: datetime,
) -> Rotation:
    """Write what differs, and the shifts that follow. `seen` is the fingerprint of what whoever
    entered the draft had before them.

    Raises MissingPermission; ValidationError by field, those of the third layer as `layers-2-rule`; also where the
    rotation is not as it was seen, and where one person would be two.
    """
    for permission in MAY_START if rotation is None else MAY_EDIT:
        require(by, permission)
    saved = Rotation() if rotation is None else Rotation.objects.select_for_update().get(pk=rotation.pk)
    if rotation is not None and seen and draft_of(saved).fingerprint != seen:
        raise ValidationError(
            "It was changed since you opened it. Open it again and repeat what still applies."
        )
    refuse_draft(draft, saved, now=now)
    _write_rotation(saved, draft)
    _write_sites(saved, draft)
    _write_layers(saved, draft)
    write_entered_shifts(now=now, are_turns=True)
    return saved


def refuse_draft(draft: RotationDraft, rotation: Rotation | None, *, now: datetime) -> None:
    """Raises ValidationError by field for a draft that cannot be saved."""
    refusals: dict[str, list[str]] = {}
    tried = _filled(Rotation(pk=rotation.pk if rotation is not None else None), draft)
    tried._state.adding = tried.pk is None
    try:
        tried.full_clean(exclude=["calendar_url", "calendar_error", "calendar_read_at"])
    except ValidationError as error:
        refusals |= error.message_dict
    if len(draft.layers) > MOST_LAYERS:
        refusals.setdefault(NON_FIELD_ERRORS, []).append(f"A rotation has {MOST_LAYERS} layers at most.")
    present = Person.objects.present(now).filter(pk__in=draft.people).values_list("pk", flat=True)
    gone = _names(draft.people.difference(present))
    layer_ids = set(rotation.layers.values_list("pk", flat=True)) if rotation and rotation.pk else set()
    for place, layer in enumerate(draft.layers):
        for field, messages in _refusals_of_layer(layer, layer_ids, gone):
            refusals.setdefault(f"layers-{place}-{field}", []).extend(messages)
    if refusals:
        raise ValidationError(refusals)


def _refusals_of_layer(
    layer: DraftLayer, layer_ids: set[int], gone: dict[int, str]
) -> Iterator[tuple[str, list[str]]]:
    try:
        _filled_layer(Layer(), layer).full_clean(exclude=["rotation"], validate_constraints=True)
    except ValidationError as error:
        yield from error.message_dict.items()
    if layer.id is not None and layer.id not in layer_ids:
        yield "people", ["This layer is no longer there: remove it, and add it again if it is needed."]
    if len(layer.people) > MOST_IN_TURN:
        yield "people", [f"{MOST_IN_TURN} people at most take turns in one layer."]
    for person in dict.fromkeys(layer.people):
        if person in gone:
            yield "people", [f"{gone[person]} has left: remove them from the turns."]


def _names(ids: frozenset[int]) -> dict[int, str]:
    names = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {pk: names.get(pk, f"Person {pk}") for pk in ids}


def _filled(rotation: Rotation, draft: RotationDraft) -> Rotation:
    rotation.name, rotation.slug, rotation.domain = draft.name, draft.slug, draft.domain
    rotation.team_id, rotation.time_zone = draft.team, draft.time_zone
    rotation.home_region_id, rotation.home_site_id = draft.home_region, draft.home_site
    rotation.is_home_chosen = draft.is_home_chosen
    return rotation


def _filled_layer(layer: Layer, draft: DraftLayer) -> Layer:
    layer.name, layer.level, layer.rule = draft.name, draft.level, draft.rule
    layer.starts_at, layer.ends_at = draft.starts_at, draft.ends_at
    layer.duration_min, layer.turn_shifts = draft.duration_min, draft.turn_shifts
    return layer


def _write_rotation(rotation: Rotation, draft: RotationDraft) -> None:
    columns = [each.attname for each in Rotation._meta.concrete_fields]
    before = [getattr(rotation, name) for name in columns]
    _filled(rotation, draft)
    if rotation.pk is None or before != [getattr(rotation, name) for name in columns]:
        rotation.save()


def _write_sites(rotation: Rotation, draft: RotationDraft) -> None:
    sites_before = set(RotationSite.objects.filter(rotation=rotation).values_list("site", flat=True))
    RotationSite.objects.filter(rotation=rotation, site__in=sites_before - set(draft.sites)).delete()
    new = sorted(set(draft.sites) - sites_before)
    RotationSite.objects.bulk_create(RotationSite(rotation=rotation, site_id=site) for site in new)


def _write_layers(rotation: Rotation, draft: RotationDraft) -> None:
    layers_before = {layer.id: layer for layer in draft_of(rotation).layers}
    gone = layers_before.keys() - {layer.id for layer in draft.layers}
    Layer.objects.filter(rotation=rotation, pk__in=[pk for pk in gone if pk is not None]).delete()
    for draft_layer in draft.layers:
        before = layers_before.get(draft_layer.id)
        if before == draft_layer:
            continue
        layer = Layer(rotation=rotation) if before is None else Layer.objects.get(pk=before.id or 0)
        _filled_layer(layer, draft_layer).save()
        if before is None or before.people != draft_layer.people:
            _write_turns(layer, draft_layer.people)


def _write_turns(layer: Layer, people: Sequence[int]) -> None:
    """Places are unique in a layer, so those that move are written anew."""
    places = dict(enumerate(people, start=1))
    members = LayerMember.objects.filter(layer=layer)
    unmoved = {
        member.pk: member.position for member in members if places.get(member.position) == member.person_id
    }
    members.exclude(pk__in=unmoved).delete()
    LayerMember.objects.bulk_create(
        LayerMember(layer=layer, person_id=person, position=place)
        for place, person in places.items()
        if place not in unmoved.values()
    )
