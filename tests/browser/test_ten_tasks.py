"""Ten tasks that people come for, from home to the form or the answer: by mouse, and by the keyboard alone.

Each names the links and buttons on the way, four at most; typing, choosing and sending a form are not counted.
"""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
MOST_STEPS = 4
TABS = 260
"""More than any of these pages has places to stop at."""


@dataclass(frozen=True)
class Task:
    """`steps` are roles and names of what is activated, or "palette" and what is typed there.

    `found` is the role and name of what was sought.
    """

    what: str
    who: str
    steps: tuple[tuple[str, str], ...]
    found: tuple[str, str]


TASKS = [
    Task("what is critical and whose", "ops", (("link", "All problems"),), ("columnheader", "Who is on it")),
    Task(
        "why a site is not ready and what to do",
        "planner",
        (("link", "Sites"), ("link", "Porto")),
        ("region", "What makes it ready"),
    ),
    Task(
        "place a workload",
        "planner",
        (("link", "Placement"), ("link", "Workload classes"), ("link", "Bare")),
        ("region", "Place at a site"),
    ),
    Task(
        "propose an owner",
        "manager",
        (("link", "Owners"), ("button", "Luleå 1, Orchestration")),
        ("button", "Propose"),
    ),
    Task("accept", "admin", (("link", "Inbox"), ("link", "Answer: Accept ownership")), ("button", "Accept")),
    Task(
        "approve a waiver",
        "manager",
        (("link", "Inbox"), ("link", "Decide: Decide on a waiver: ")),
        ("button", "Approve"),
    ),
    Task(
        "draft a threshold",
        "planner",
        (
            ("palette", "muster-3"),
            ("link", "Power headroom"),
            ("link", "Edit Peak site load"),
        ),
        ("button", "Save"),
    ),
    Task(
        "import devices",
        "planner",
        (("link", "Sites"), ("link", "Inventory"), ("link", "Devices"), ("link", "Import")),
        ("button", "Upload"),
    ),
    Task("connect a sender", "ops", (("link", "Data"), ("link", "Add a source")), ("button", "Add")),
    Task(
        "find an old decision",
        "viewer",
        (("link", "Placement"), ("link", "Decisions"), ("link", "Chat")),
        ("heading", "Chat"),
    ),
]


def by_mouse(page, role, name):
    if role == "palette":
        named(page, "link", "Search or jump").click()
        page.keyboard.type(name)
        role = "option"
    named(page, role, name).click()


def by_keyboard(page, role, name):
    """Tab until it has the focus, then press Enter."""
    if role == "palette":
        page.keyboard.press("Control+k")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        return
    target = named(page, role, name)
    expect(target).to_be_visible()
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not lead to {name}")


def named(page, role, name):
    return page.get_by_role(role, name=re.compile(rf"^{name}")).locator("visible=true").first


@pytest.mark.usefixtures("whole", "drafted")
@pytest.mark.parametrize("go", [by_mouse, by_keyboard])
def test_each_task_is_four_steps_from_home_or_fewer(as_role, go):
    lost = {}
    for task in TASKS:
        # The palette is opened, and one of what it found is chosen.
        assert len(task.steps) + sum(role == "palette" for role, _ in task.steps) <= MOST_STEPS
        visit = as_role(task.who)
        page = visit.open("/")
        try:
            for step in task.steps:
                page.wait_for_load_state("networkidle")
                go(page, *step)
            expect(named(page, *task.found)).to_be_visible()
        except (AssertionError, pytest.fail.Exception) as error:
            lost[task.what] = f"{page.url}: {str(error)[:200]}"
        assert visit.refusals == []
        page.context.close()
    assert lost == {}
