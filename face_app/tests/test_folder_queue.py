"""The queue in a folder: whole messages only, each taken once, none lost between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery
from kombu import Connection

from face_app import folder_queue


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Connection]:
    app = Celery("test", set_as_current=False)
    folder_queue.configure(app, tmp_path / "queue")
    with Connection(app.conf.broker_url, transport_options=app.conf.broker_transport_options) as connection:
        yield connection


def test_messages_come_out_in_the_order_they_went_in(queue: Connection) -> None:
    box = queue.SimpleQueue("jobs")
    for number in range(5):
        box.put({"number": number})
    received = [box.get(timeout=2) for _ in range(5)]
    for message in received:
        message.ack()
    assert [message.payload["number"] for message in received] == [0, 1, 2, 3, 4]


def test_a_half_written_message_is_invisible(queue: Connection, tmp_path: Path) -> None:
    box = queue.SimpleQueue("jobs")
    messages = tmp_path / "queue" / "messages"
    (messages / ".00_x.jobs.msg.part").write_text('{"half":')
    with pytest.raises(Empty):
        box.get(timeout=0.3)


@pytest.mark.parametrize("rest", [b"", b'{"half":', b"\0" * 40, b"\xff\xfe"])
def test_a_message_that_a_power_cut_emptied_does_not_stop_those_behind_it(
    queue: Connection, tmp_path: Path, rest: bytes
) -> None:
    box = queue.SimpleQueue("jobs")
    messages = tmp_path / "queue" / "messages"
    (messages / "00_x.jobs.msg").write_bytes(rest)
    box.put({"number": 1})
    assert box.get(timeout=2).payload == {"number": 1}
    assert not list((tmp_path / "queue" / "taken").iterdir())


def test_the_folders_are_for_their_owner_only(queue: Connection, tmp_path: Path) -> None:
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "queue").iterdir()}
    assert modes == {0o700}


def test_of_many_readers_each_message_goes_to_one(queue: Connection) -> None:
    box = queue.SimpleQueue("jobs")
    for number in range(60):
        box.put({"number": number})
    taken: list[int] = []

    def read() -> None:
        with queue.clone() as own:
            mine = own.SimpleQueue("jobs")
            while True:
                try:
                    message = mine.get(timeout=0.5)
                except Empty:
                    return
                message.ack()
                taken.append(message.payload["number"])

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sorted(taken) == list(range(60))


def test_another_process_can_send(queue: Connection, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from celery import Celery; from kombu import Connection\n"
        "from face_app import folder_queue\n"
        "app = Celery('other'); folder_queue.configure(app, Path(sys.argv[1]))\n"
        "options = app.conf.broker_transport_options\n"
        "with Connection(app.conf.broker_url, transport_options=options) as c:\n"
        "    c.SimpleQueue('jobs').put({'from': 'other'})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "queue")], check=True, timeout=60)
    message = queue.SimpleQueue("jobs").get(timeout=5)
    message.ack()
    assert message.payload == {"from": "other"}


def test_a_message_sent_while_others_wait_is_not_forgotten(queue: Connection) -> None:
    box = queue.SimpleQueue("jobs")
    for number in range(3):
        box.put({"number": number})
    first = box.get(timeout=2)
    box.put({"number": 3})
    rest = [box.get(timeout=2) for _ in range(3)]
    for message in [first, *rest]:
        message.ack()
    assert [message.payload["number"] for message in [first, *rest]] == [0, 1, 2, 3]
