"""A recording is what the socket sent and what the flow made of it, or it is not there at all."""

from __future__ import annotations

import json
import resource
import threading
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

from auth_service.flows import Accepted, Refused, VerificationFlow
from auth_service.recording.archive import read_archive
from auth_service.recording.errors import RecordingFailed
from auth_service.recording.recorder import SessionRecorder
from auth_service.recording.report import Outcome, ReportReader
from auth_service.tests.flow_cast import TRAITS, Someone, script_for, without_face
from auth_service.tests.recording_cast import frame, make_recorder, make_run, new_flow, play
from core.liveness.evidence import Outcome as StepOutcome
from core.liveness.evidence import StepRecord
from core.liveness.injection import DeviceReport
from core.liveness.policy import Level
from core.liveness.script import FLASH_COLORS, StepKind
from core.liveness.sequences import RecordedSession, find_sidecars, read_session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_run(folder, monkeypatch)


def record(recorder: SessionRecorder, person: Someone, *, seed: int = 1) -> Accepted | Refused:
    flow, update, times = play(person, seed=seed)
    for number, at in enumerate(times, 1):
        recorder.add(frame(number, at=at))
    assert recorder.finish(flow, update)
    assert isinstance(update, Accepted | Refused)
    return update


def read_back(folder: Path) -> RecordedSession:
    (sidecar,) = find_sidecars(folder)
    return read_session(sidecar, level=Level.STANDARD)


def sidecar_of(folder: Path) -> dict[str, object]:
    (path,) = find_sidecars(folder)
    sidecar: dict[str, object] = json.loads(path.read_text())
    return sidecar


@pytest.mark.usefixtures("run")
def test_an_accepted_session_is_read_as_it_ran(folder: Path) -> None:
    recorder = make_recorder(folder)
    end = record(recorder, Someone())
    assert isinstance(end, Accepted)

    session, sidecar = read_back(folder), sidecar_of(folder)

    assert (session.name, session.kind, session.genuine, session.identity) == (
        recorder.name,
        "genuine",
        True,
        "Ana",
    )
    assert [one.jpeg for one in session.frames[:2]] == [b"jpeg-1", b"jpeg-2"]
    assert session.frames[0].captured_at == 0
    assert session.frames[0].received_at == 0
    assert [one.sequence for one in session.frames[:2]] == [1, 2]
    assert session.framing is not None
    assert session.windows[0][0] >= session.framing[1] > session.framing[0] == 0
    flash = next(step for step in session.script.steps if step.kind is StepKind.FLASH)
    assert session.color_starts is not None
    assert len(session.color_starts) == len(flash.colors) == FLASH_COLORS
    assert session.finished
    assert (sidecar["verdict"], sidecar["reasons"], sidecar["level_reached"]) == ("accepted", [], "standard")
    assert sidecar["signals"] == pytest.approx(
        {name: value for name, value in end.liveness.signals.items() if isfinite(value)}, abs=1e-6
    )
    assert (sidecar["pack"], sidecar["level"], sidecar["purpose"]) == ("dlib", "standard", "enrollment")
    assert session.device == DeviceReport(camera_label="HD Webcam")


@pytest.mark.usefixtures("run")
def test_the_consent_lies_with_the_recording_word_by_word(folder: Path) -> None:
    record(make_recorder(folder, subject="Nguyễn Ánh"), Someone())

    consent = sidecar_of(folder)["consent"]

    assert isinstance(consent, dict)
    assert consent["language"] == "en"
    assert consent["given_at"] == "2026-05-04T10:30:00+00:00"
    assert len(consent["version"]) == 16
    assert "Nguyễn Ánh" in json.dumps(consent["text"], ensure_ascii=False)


@pytest.mark.usefixtures("run")
def test_a_name_of_a_recording_tells_nobody_whose_it_is(folder: Path) -> None:
    recorder = make_recorder(folder, subject="Annabella")
    record(recorder, Someone())

    assert recorder.name.startswith("genuine-20260504T103000Z-")
    assert all("nnabella" not in str(path) for path in folder.rglob("*"))


@pytest.mark.usefixtures("run")
def test_a_refused_attack_is_kept_with_its_cause(folder: Path) -> None:
    end = record(make_recorder(folder, kind="photo_print"), Someone(answers=lambda *_: None))
    assert isinstance(end, Refused)

    session, sidecar = read_back(folder), sidecar_of(folder)

    assert not session.genuine
    assert session.finished
    assert sidecar["label"] == "attack"
    assert sidecar["verdict"] == "refused"
    assert sidecar["reasons"] == [reason.value for reason in end.reasons]
    assert session.replaced == {0}


@pytest.mark.usefixtures("run")
def test_who_leaves_in_the_middle_of_a_step_is_kept_with_that_step(folder: Path) -> None:
    leaves = Someone(habits=lambda seen, _: without_face(seen) if seen.captured_at > 101.2 else seen)
    record(make_recorder(folder), leaves)

    session = read_back(folder)

    assert session.finished
    assert session.windows[-1][1] > session.frames[-1].captured_at - 3.2


@pytest.mark.usefixtures("run")
def test_a_session_that_is_broken_off_before_its_first_step_is_kept_as_that(folder: Path) -> None:
    recorder = make_recorder(folder)
    recorder.add(frame(1))
    assert recorder.finish(new_flow(), None)

    session, sidecar = read_back(folder), sidecar_of(folder)

    assert not session.finished
    assert sidecar["verdict"] == "broken_off"
    assert (sidecar["challenges"], sidecar["framing"], sidecar["flash_starts"]) == ([], None, [])
    assert sidecar["signals"] == {}
    assert len(session.frames) == 1


def test_without_a_frame_there_is_no_recording(folder: Path, run: Path) -> None:
    assert make_recorder(folder).finish(new_flow(), None)

    assert sorted(path.name for path in folder.rglob("*")) == [run.name, "plan.json"]
    assert list(ReportReader(run).news()) == []


@pytest.mark.usefixtures("run")
def test_files_are_for_their_owner_alone(folder: Path) -> None:
    record(make_recorder(folder), Someone())

    modes = {path: path.stat().st_mode & 0o777 for path in (folder / ".." / folder.name).glob("genuine*/*")}
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in modes} == {0o700}


def test_nothing_lies_in_the_folder_before_the_end(folder: Path, run: Path) -> None:
    recorder = make_recorder(folder)
    recorder.add(frame(1))

    assert [path.name for path in folder.iterdir()] == [run.name]
    recorder.finish(new_flow(), None)
    assert {path.name for path in folder.iterdir()} == {run.name, recorder.name}


def test_a_frame_after_the_end_and_a_second_end_change_nothing(folder: Path, run: Path) -> None:
    recorder = make_recorder(folder)
    recorder.add(frame(1))
    assert recorder.finish(new_flow(), None)
    recorder.add(frame(2))
    assert recorder.finish(new_flow(), None)

    assert len(read_back(folder).frames) == 1
    assert len(list(ReportReader(run).news())) == 1


@pytest.mark.usefixtures("run")
def test_frames_of_several_threads_lie_where_the_sidecar_says(folder: Path) -> None:
    recorder = make_recorder(folder)

    def send(first: int) -> None:
        for number in range(first, first + 50):
            recorder.add(frame(number, jpeg=b"%d" % number * (number % 7 + 1)))

    threads = [threading.Thread(target=send, args=(first,)) for first in (1, 51, 101, 151)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.finish(new_flow(), None)

    expected = {b"%d" % number * (number % 7 + 1) for number in range(1, 201)}
    assert {one.jpeg for one in read_back(folder).frames} == expected


@pytest.mark.usefixtures("run")
def test_two_sessions_at_once_are_two_recordings(folder: Path) -> None:
    first, second = make_recorder(folder), make_recorder(folder)
    for recorder in (first, second):
        recorder.add(frame(1))
    for recorder in (first, second):
        recorder.finish(new_flow(), None)

    assert len(read_archive(folder).recordings) == 2


# When it cannot be stored ----------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 64 kB: the system refuses the write, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_takes_no_more_is_reported_and_leaves_nothing(folder: Path, run: Path) -> None:
    recorder = make_recorder(folder)
    with pytest.raises(RecordingFailed):
        for number in range(1, 100):
            recorder.add(frame(number, jpeg=bytes(10_000)))

    recorder.add(frame(100))
    assert not recorder.finish(new_flow(), None)
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert not (run / recorder.name).exists()
    (outcome,) = ReportReader(run).news()
    assert (outcome.recording, outcome.verdict, outcome.error) == (recorder.name, "", "File too large")


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_fills_at_the_very_end_leaves_nothing_either(folder: Path, run: Path) -> None:
    recorder = make_recorder(folder)
    for number in range(1, 3000):
        # Small pictures, whose times alone exceed what the disk takes.
        recorder.add(frame(number, jpeg=b"x"))

    assert not recorder.finish(new_flow(), None)
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert len(list(ReportReader(run).news())) == 1


def test_a_run_that_is_gone_stores_nothing_and_breaks_nothing(folder: Path, run: Path) -> None:
    recorder = make_recorder(folder)
    (run / "plan.json").unlink()
    run.rmdir()

    with pytest.raises(RecordingFailed):
        recorder.add(frame(1))
    assert not recorder.finish(new_flow(), None)
    assert list(folder.iterdir()) == []


class BrokenFlow(VerificationFlow):
    @property
    def steps_run(self) -> tuple[StepRecord, ...]:
        raise AttributeError("no step")


def test_whatever_breaks_at_the_end_is_reported_and_leaves_nothing(
    folder: Path, run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = make_recorder(folder)
    recorder.add(frame(1))
    flow = BrokenFlow(script=script_for(), traits=TRAITS)

    assert not recorder.finish(flow, None)
    assert not recorder.finish(new_flow(), None)
    recorder.add(frame(2))

    assert [path.name for path in folder.iterdir()] == [run.name]
    assert not (run / recorder.name).exists()
    (outcome,) = ReportReader(run).news()
    assert (outcome.recording, outcome.verdict, outcome.error) == (recorder.name, "", "no step")
    assert [record.message for record in caplog.records] == ["recording failed"]


class EndingStep(VerificationFlow):
    """Another thread closes the running step right after it was first looked at."""

    ended = False

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name == "_running" and value is not None and self.ended:
            self._records.append(value.record(outcome=StepOutcome.FOLLOWED, end=value.end))
            self._running = None
        return value


@pytest.mark.usefixtures("run")
def test_a_page_that_leaves_while_a_step_closes_loses_no_step(folder: Path) -> None:
    flow, person, recorder = EndingStep(script=script_for(), traits=TRAITS), Someone(), make_recorder(folder)
    for number in range(1, 30):
        at = 100 + number / 8
        recorder.add(frame(number, at=at))
        person.film(flow, at)
        if person.steps:
            break
    flow.ended = True

    assert recorder.finish(flow, None)

    assert [step.kind.value for step in read_back(folder).script.steps] == [person.steps[0].kind.value]


# Reports ---------------------------------------------------------------------------------------


def test_outcomes_are_told_once_and_in_order_and_never_by_half(run: Path) -> None:
    reader = ReportReader(run)
    assert list(reader.news()) == []
    with (run / "report.jsonl").open("a") as report:
        line = (
            '{"session": "s", "recording": "r1", "verdict": "refused", "reasons": ["no_face"], "error": ""}\n'
        )
        report.write(line + line.replace("r1", "r2")[:20])
        report.flush()
        assert list(reader.news()) == [Outcome("s", "r1", verdict="refused", reasons=("no_face",))]
        assert list(reader.news()) == []
        report.write(line.replace("r1", "r2")[20:])
    assert [outcome.recording for outcome in reader.news()] == ["r2"]
