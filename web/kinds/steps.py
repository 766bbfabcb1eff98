"""Steps of workflows, and operations like them, as forms on the page of an object."""

from collections.abc import Callable, Sequence
from typing import Any

from web import clock
from web.kinds.kind import Entry
from web.workflows.steps import WorkflowStep


def step_entry(
    noun: str,
    name: str,
    heading: str,
    form: Callable[..., Any] | None,
    enter: Callable[..., Any],
    done: str,
    icon: str,
    *,
    permissions: Sequence[str],
    when: Callable[[Any, Any], bool] | None = None,
    **more: Any,
) -> Entry:
    """An entry at `…/7/<name>/`, or at `address`.

    A step of a workflow is offered where it follows from the object's state and the reader may take it, unless `when`
    says otherwise; what else `enter` may be is offered by `when`, or always.
    """
    if when is None and isinstance(enter, WorkflowStep):
        when = _offers(enter)
    offered: dict[str, Any] = {} if when is None else {"when": when}
    return Entry(
        url_name=f"{noun}-{name}",
        on_object=True,
        permissions=tuple(permissions),
        heading=heading,
        form=form,
        enter=enter,
        done=done,
        icon=icon,
        **offered,
        **{"address": f"{name}/", **more},
    )


def _offers(step: WorkflowStep[Any]) -> Callable[[Any, Any], bool]:
    return lambda obj, user: step.is_offered(obj, user, clock.now())
