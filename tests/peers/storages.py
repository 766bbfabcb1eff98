"""Programs that keep samples for Muster: Debian's Prometheus and VictoriaMetrics, which come and go as a test says."""

from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from tests.peers.running import Programs, eventually, free_port

STORAGES = ("prometheus", "victoria-metrics")
# Tolerances of values that are read back: VictoriaMetrics keeps some 18 digits between the largest and the least value
# of hours; the others keep every bit.
TOLERANCES = {"postgres": 0.0, "prometheus": 0.0, "victoria-metrics": 1e-9}
# What Prometheus must have in its file, or it takes no late samples.
TAKES_LATE = "storage: {tsdb: {out_of_order_time_window: 2d}}\n"
START_S = 60


class StorageProgram:
    """One of `STORAGES` on a port of its own, started; `find("prometheus")` is the path of a program."""

    def __init__(
        self,
        name: str,
        programs: Programs,
        folder: Path,
        *,
        find: Callable[[str], str],
        configuration: str = TAKES_LATE,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        if name == "prometheus":
            file = folder / "storage.yml"
            file.write_text(configuration)
            self._ready = "/-/ready"
            options = [
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--web.enable-remote-write-receiver",
            ]
        else:
            self._ready = "/health"
            options = [
                f"-storageDataPath={folder / 'victoria'}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-memory.allowedBytes=64MB",
            ]
        self.program = programs.start(name, [find(name), *options])
        self._wait()

    @property
    def setting(self) -> str:
        """The value of `MUSTER_TELEMETRY_STORE`."""
        return f"prometheus+{self.url}?name=porto"

    def flush(self) -> None:
        """VictoriaMetrics shows samples seconds after it took them; Muster asks for them an hour later."""
        if self.program.name == "victoria-metrics":
            self._get("/internal/force_flush")

    def kill(self) -> None:
        self.program.kill()

    def restart(self) -> None:
        """VictoriaMetrics writes samples to its disk after seconds, or when it is ended."""
        self.program.end()
        self.start()

    def start(self) -> None:
        self.program.start()
        self._wait()

    def _wait(self) -> None:
        eventually(
            self._is_ready, within_s=START_S, what="the remote storage is ready", last=self.program.said
        )

    def _is_ready(self) -> bool:
        try:
            self._get(self._ready)
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        with urlopen(self.url + path, timeout=10) as response:
            text: bytes = response.read()
            return text
