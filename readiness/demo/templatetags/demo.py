"""The tag of the demo for pages of the rooms below: `{% load demo %}{% demo_history %}`."""

from typing import Any

from django import template

from readiness.demo.views import history_of

register = template.Library()


@register.inclusion_tag("demo/history.html", takes_context=True)
def demo_history(context: template.RequestContext) -> dict[str, Any]:
    """Show the progress of the demo's history until it is complete."""
    return history_of(context["request"], is_asked_for=False)
