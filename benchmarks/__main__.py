"""`python -m benchmarks [NAME …]`: runs the benchmarks of these names, all of them without one."""

import sys
from importlib import import_module
from pathlib import Path

NOT_BENCHMARKS = {"__init__", "__main__", "bodies", "browser", "machine", "steps"}


def names() -> list[str]:
    modules = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(modules - NOT_BENCHMARKS)


def main(benchmark_names: list[str]) -> int:
    unknown = set(benchmark_names) - set(names())
    if unknown:
        print(f"No benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(names())}.")
        return 2
    status = 0
    for name in benchmark_names or names():
        print(f"== {name}", flush=True)
        try:
            import_module(f"benchmarks.{name}").main()
        except SystemExit as missed_bar:
            status = 1
            print(missed_bar)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
