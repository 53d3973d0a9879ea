"""`manage.py pad_record` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from auth_service.demo.temporary_server import manage_command

LINE_SECONDS = 120.0


class PadRecord:
    """The command in a process of its own, in a process group of its own, read line by line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            manage_command("pad_record", str(folder), *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        self.wait()

    def next_line(self, wanted: str) -> str:
        """The next line with this in it."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if wanted in line:
                return line.strip()
        raise AssertionError(f"{wanted!r} was not said:\n" + "\n".join(self.lines))

    def next_link(self) -> str:
        return self.next_line("Session ").partition(": ")[2]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill_server(self) -> None:
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"serve" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                os.kill(int(child), signal.SIGKILL)
                return
        raise AssertionError("no server runs")

    def wait(self) -> int:
        rest, _ = self._process.communicate(timeout=LINE_SECONDS)
        self.lines += rest.splitlines()
        return self._process.returncode
