"""The tag of the demo for pages of the rooms below: `{% load demo %}{% demo_history %}`."""

from typing import Any

from django import template

from readiness.demo.views import history_of

register = template.Library()


@register.inclusion_tag("demo/history.html", takes_context=True)
def demo_history(context: template.RequestContext) -> dict[str, Any]:
    """How far the demo's history is, while it is not complete; nothing otherwise."""
    return history_of(context["request"], is_asked_for=False)
