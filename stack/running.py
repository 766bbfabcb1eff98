"""The addresses of the Muster that runs from a checkout, for commands started by hand."""

from collections.abc import Mapping
from pathlib import Path

from stack.account import NoAccountError
from stack.layout import LayoutError, find_layout
from stack.state import StackState


def environment_of_running(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """DATABASE_URL and the like of the running Muster; empty if none runs from this checkout."""
    try:
        state = StackState.read(find_layout(root, environ).state)
    except (LayoutError, NoAccountError):
        return {}
    return dict(state.environment) if state.is_running else {}
