"""Somebody who has workers solve portfolios all the time, and keeps what was asked."""

import json
import threading

from tests.peers.hosts import BalancedCaller

PORTFOLIOS = "/api/tradeoffs/portfolios/"
ENDED = {"done", "failed", "cancelled"}


class Planner(threading.Thread):
    """Asks one question after another, each only once it was answered; `asked` has the runs by number."""

    def __init__(self, caller: BalancedCaller, *, pause_s: float) -> None:
        super().__init__(name="planner", daemon=True)
        self.asked: list[int] = []
        self.refused: list[str] = []
        self._caller, self._pause_s, self._stopped = caller, pause_s, threading.Event()

    def run(self) -> None:
        number = 1
        while not self._stopped.wait(self._pause_s):
            # Each question is another one: an equal one that is being solved would be answered with its run.
            question = json.dumps({"weights": {"cost": number, "carbon": 1}, "points": 2}).encode()
            answer = self._caller.ask(PORTFOLIOS, "POST", question, {"Content-Type": "application/json"})
            if answer.status == 202:
                self.asked.append(answer.json["id"])
                number += 1
            elif not answer.failed:
                self.refused.append(f"{answer.status} {answer.body!r}")
        self._caller.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join()
