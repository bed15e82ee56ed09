"""One thread of the process that calls back at set moments."""

import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Alarm:
    """`moment` is one of `time.monotonic()`. `ring` must neither wait nor raise."""

    moment: float
    ring: Callable[[], None]


class Alarms:
    """Starting a thread costs more than a request: one serves all, and sleeps through most.

    It wakes for an alarm that was cancelled too, because waking it to sleep less costs more.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget everything: a forked process has neither the thread nor a lock it can trust."""
        # Re-entrant: who rings may set another alarm.
        self._changed = threading.Condition(threading.RLock())
        self._set: set[Alarm] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def set(self, moment: float, ring: Callable[[], None]) -> Alarm:
        alarm = Alarm(moment, ring)
        with self._changed:
            self._set.add(alarm)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._keep_time, name="outbound alarms", daemon=True
                )
                self._thread.start()
            elif moment < self._wakes_at:
                self._changed.notify()
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """From here on it does not ring, nor is it ringing still."""
        with self._changed:
            self._set.discard(alarm)

    def _keep_time(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for alarm in [alarm for alarm in self._set if alarm.moment <= now]:
                    self._set.discard(alarm)
                    alarm.ring()
                self._wakes_at = min((alarm.moment for alarm in self._set), default=math.inf)
                left = self._wakes_at - time.monotonic()
                self._changed.wait(None if left == math.inf else max(0, left))


ALARMS = Alarms()
os.register_at_fork(after_in_child=ALARMS.renew)
