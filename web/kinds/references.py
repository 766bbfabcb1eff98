"""Find the objects that text names: by slug or name, within the context that makes names unique; by id without one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet

from web.fields import MOST_ALIKE, similar
from web.kinds.targets import owners, text_fields
from web.rest.fields import id_in

# So many names are all told.
A_FEW = 4


@dataclass(frozen=True)
class NamedObject:
    """A text, and for each path of the model the text or object required there."""

    text: str
    within: Mapping[str, str | Model] = field(default_factory=dict)


class NotOne(ValueError):
    """The text names no object, or several."""

    def __init__(self, reason: str, *, is_missing: bool) -> None:
        super().__init__(reason)
        self.is_missing = is_missing


def objects_named(rows: QuerySet[Any], named_objects: Iterable[NamedObject]) -> list[Model | NotOne]:
    """The object for each text, in one statement for any number."""
    references = list(named_objects)
    model = rows.model
    paths = sorted({path for each in references for path in each.within})
    joined = [*owners(model), *paths]
    candidates = rows.filter(_named(model, references) & _around(model, references, paths))
    by_text: dict[str, list[Model]] = {}
    for obj in candidates.select_related(*joined) if joined else candidates:
        for text in _texts(obj):
            by_text.setdefault(text, []).append(obj)
    answers = [_only(model, each, by_text.get(each.text, [])) for each in references]
    if not any(isinstance(answer, NotOne) and answer.is_missing for answer in answers):
        return answers
    near = list(rows.select_related(*joined)[:MOST_ALIKE] if joined else rows[:MOST_ALIKE])
    return [
        _missing(model, each, near) if isinstance(answer, NotOne) and answer.is_missing else answer
        for each, answer in zip(references, answers, strict=True)
    ]


def _missing(model: type[Model], reference: NamedObject, rows: list[Model]) -> NotOne:
    """Say that there is no such object, and which to choose: those of similar names, or all of a few."""
    around = [obj for obj in rows if all(_stands(obj, *each) for each in reference.within.items())]
    names = {str(obj).casefold(): str(obj) for obj in around}
    where = ", ".join(str(each) for each in reference.within.values())
    reason = f"No {model._meta.verbose_name} is called {reference.text[:100]}{where and f' at {where}'}"
    few = list(names.values()) if len(names) <= A_FEW else []
    if choice := similar(reference.text, names) or " or ".join(few):
        return NotOne(f"{reason}; choose {choice}.", is_missing=True)
    hint = f"choose one of the {model._meta.verbose_name_plural} in the list" if names else "add it first"
    return NotOne(f"{reason}; {hint}.", is_missing=True)


def _named(model: type[Model], references: list[NamedObject]) -> Q:
    texts = {each.text for each in references}
    names = dict.fromkeys([*text_fields(model), *_shown_by(model)])
    condition = Q(pk__in=[] if names else _ids_in(texts))
    for name in names:
        condition |= Q(**{f"{name}__in": texts})
    words = [text.split(" ") for text in texts]
    # "leaf-1 Ethernet1": a name after that of its owner.
    cuts = [(" ".join(each[:cut]), " ".join(each[cut:])) for each in words for cut in range(1, len(each))]
    for owner in owners(model) if cuts else ():
        heads, tails = {head for head, _tail in cuts}, {tail for _head, tail in cuts}
        of_owner = _any_name(model, owner, heads)
        for name in text_fields(model):
            condition |= of_owner & Q(**{f"{name}__in": tails})
    return condition


def _shown_by(model: type[Model]) -> list[str]:
    """Fields that pages and files show an object by, unique or not."""
    return [field.name for field in model._meta.concrete_fields if field.name in {"name", "title"}]


def _ids_in(texts: set[str]) -> list[int]:
    """Objects without a name are named by their ids."""
    return [number for text in texts if (number := id_in(text)) is not None]


def _around(model: type[Model], references: list[NamedObject], paths: list[str]) -> Q:
    """Limit the candidates to the common context of all texts."""
    condition = Q()
    for path in paths:
        around = [each.within.get(path) for each in references]
        if None not in around:
            keys = {each.pk for each in around if isinstance(each, Model)}
            texts = {each for each in around if isinstance(each, str)}
            condition &= Q(**{f"{path}__in": keys}) | _any_name(model, path, texts)
    return condition


def _any_name(model: type[Model], path: str, texts: set[str]) -> Q:
    condition = Q(pk__in=[])
    for name in text_fields(_model_at(model, path)):
        condition |= Q(**{f"{path}__{name}__in": texts})
    return condition


def _model_at(model: type[Model], path: str) -> type[Model]:
    for name in path.split("__"):
        related = model._meta.get_field(name).related_model
        assert isinstance(related, type)
        model = related
    return model


def _texts(obj: Model) -> set[str]:
    names = text_fields(type(obj))
    texts = {str(getattr(obj, name)) for name in names}
    if not names and not _shown_by(type(obj)):
        texts.add(str(obj.pk))
    return (texts | {str(obj)}) - {""}


def _only(model: type[Model], reference: NamedObject, candidates: list[Model]) -> Model | NotOne:
    matches = [obj for obj in candidates if all(_stands(obj, *each) for each in reference.within.items())]
    if len(matches) == 1:
        return matches[0]
    noun = model._meta.verbose_name
    if not matches:
        return NotOne(f"No {noun} is called {reference.text[:100]}.", is_missing=True)
    meta: Any = model._meta
    apart = ", ".join(name for name in owners(model) if not meta.get_field(name).unique)
    reason = f"More than one {noun} is called {reference.text[:100]}"
    hint = f"a column for {apart} would tell them apart" if apart else _other_name_hint(model)
    return NotOne(f"{reason}: {hint}.", is_missing=False)


def _other_name_hint(model: type[Model]) -> str:
    meta: Any = model._meta
    names = [str(meta.get_field(name).verbose_name) for name in text_fields(model)]
    return f"give its {' or '.join(names)} in place of the name" if names else "enter this object on its page"


def _stands(obj: Any, path: str, around: str | Model) -> bool:
    for name in path.split("__"):
        obj = getattr(obj, name)
    return obj == around if isinstance(around, Model) else around in _texts(obj)
