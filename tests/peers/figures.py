"""pytest plugin: what tests measured is told when all are done, whichever worker measured it."""

import pytest

_LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def figures(request):
    """Lines of what was measured, told when all tests are done."""
    return request.config.stash[_LINES]


def pytest_configure(config):
    config.stash[_LINES] = []


def pytest_sessionfinish(session):
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["figures"] = session.config.stash[_LINES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[_LINES] += getattr(node, "workeroutput", {}).get("figures", [])


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[_LINES]:
        terminalreporter.section("figures")
    for line in config.stash[_LINES]:
        terminalreporter.write_line(line)
