"""Runs a site's processes beside each other: they start, are told to stop and end together."""

import signal
import subprocess  # nosec B404 - starts our own commands
import sys
import time
from collections import deque
from types import FrameType

LOOK_SECONDS = 0.1
PAUSE_SECONDS = 1.0  # before a start after a crash: what it needs may be back
TELL_AGAIN_SECONDS = 1.0
# A process that crashes is started again, unless it did so too often within a minute.
MOST_CRASHES = 5
CRASHES_SECONDS = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Child:
    """A process of the site. One that `restarts` may crash now and then."""

    def __init__(self, name: str, command: list[str], *, restarts: bool = False) -> None:
        self.name, self.command, self.restarts = name, command, restarts
        self.crashes: deque[float] = deque(maxlen=MOST_CRASHES)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)  # nosec B603 - our own words, no shell

    def tell(self, signum: int) -> None:
        if self.process:
            self.process.send_signal(signum)

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    def may_start_again(self) -> bool:
        now = time.monotonic()
        self.crashes.append(now)
        is_often = len(self.crashes) == MOST_CRASHES
        return self.restarts and not (is_often and now - self.crashes[0] < CRASHES_SECONDS)


class Supervisor:
    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.stop_signal = 0
        self.exit_code = 0

    def run(self) -> int:
        """Until all have ended; the exit code is 0 when it was told to stop."""
        # A child that still starts ignores Ctrl-C, which would end it in a traceback; it is told
        # again until it listens.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for child in self.children:
            child.start()
        for signum in SIGNALS:
            signal.signal(signum, self._pass_on)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup asks for
            signal.signal(signal.SIGHUP, self._pass_on)
        told_at = time.monotonic()
        while any(child.exit_code is None for child in self.children):
            time.sleep(LOOK_SECONDS)
            if not self.stop_signal:
                self._look()
            elif time.monotonic() - told_at > TELL_AGAIN_SECONDS:
                told_at = time.monotonic()
                self._tell_all()
        return self.exit_code

    def _pass_on(self, signum: int, _frame: FrameType | None) -> None:
        # A closed terminal is a stop as well; gunicorn alone would take it for a reload.
        self.stop_signal = signal.SIGTERM if signum == signal.SIGHUP else signum
        self._tell_all()

    def _tell_all(self) -> None:
        for child in self.children:
            child.tell(self.stop_signal)

    def _look(self) -> None:
        """Start again what crashed; what has ended for good ends all others."""
        for child in self.children:
            if child.exit_code is None:
                continue
            if child.may_start_again():
                self._say(f"The {child.name} has ended and is started again.")
                time.sleep(PAUSE_SECONDS)
                child.start()
            else:
                self._say(f"The {child.name} has ended, so everything stops.")
                self.exit_code = child.exit_code or 1
                self.stop_signal = signal.SIGTERM
                self._tell_all()

    def _say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
