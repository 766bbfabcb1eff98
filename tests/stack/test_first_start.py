import pytest

from stack.first_start import Demo, DemoMark, decide_demo

NOTHING = Demo(load=False, send=False)
LOAD = Demo(load=True, send=True)
SEND = Demo(load=False, send=True)


@pytest.mark.parametrize(
    ("mark", "requested", "is_new", "expected"),
    [
        pytest.param(DemoMark.NONE, None, True, LOAD, id="first start"),
        pytest.param(DemoMark.NONE, False, True, NOTHING, id="first start without the demo"),
        pytest.param(DemoMark.NONE, None, False, NOTHING, id="somebody's own database"),
        pytest.param(DemoMark.NONE, True, False, LOAD, id="own database, demo asked for"),
        pytest.param(DemoMark.LOADING, None, False, LOAD, id="killed while loading"),
        pytest.param(DemoMark.LOADING, False, False, NOTHING, id="killed while loading, then not wanted"),
        pytest.param(DemoMark.LOADED, None, False, SEND, id="later start"),
        pytest.param(DemoMark.LOADED, True, False, SEND, id="later start, asked for again"),
        pytest.param(DemoMark.LOADED, False, False, NOTHING, id="later start, quiet"),
        pytest.param(DemoMark.EMPTY, None, False, NOTHING, id="began empty"),
        pytest.param(DemoMark.EMPTY, True, False, LOAD, id="began empty, demo asked for"),
    ],
)
def test_the_demo_is_loaded(mark: DemoMark, requested: bool | None, is_new: bool, expected: Demo) -> None:
    assert decide_demo(mark=mark, requested=requested, is_new=is_new) == expected
