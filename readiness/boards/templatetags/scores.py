"""Scores and their changes in points of a hundred. `{% load scores %}`."""

from django import template

from readiness.boards.explain import sentences

register = template.Library()
register.filter("score", sentences.score)
register.filter("change", sentences.points)


@register.filter
def cause_word(cause: str) -> str:
    return sentences.CAUSE_WORDS[sentences.FlipCause(cause)]
