"""Only the private server of a recording ever records: every other one with the setting does not start."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from auth_service.checks import check_recording
from auth_service.demo.temporary_server import manage_command
from auth_service.recording.plan import PLAN_FILE, find_plan, read_plan, write_plan
from auth_service.tests.recording_cast import make_plan, make_run


def test_an_ordinary_server_records_nothing() -> None:
    assert settings.FACE_PAD_RECORDINGS_DIR == ""
    assert find_plan() is None
    assert check_recording() == []


def test_a_plan_is_read_as_written(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, subject="Nguyễn Ánh", kind="photo_print")
    write_plan(plan, tmp_path)

    assert read_plan(tmp_path) == plan
    assert not plan.genuine


def test_the_server_of_a_run_finds_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path, monkeypatch, subject="Ben")

    plan = find_plan()

    assert plan is not None
    assert plan.subject == "Ben"
    assert check_recording() == []


REAL_SERVERS: dict[str, dict[str, object]] = {
    "in production": {"DEBUG": False},
    "with data elsewhere": {"DATA_DIR": Path("/srv/facegate")},
    "with another database": {"DATABASES": {"default": {"NAME": "facegate"}}},
    "with the database of another run": {"DATABASES": {"default": {"NAME": "/srv/.run-x.partial/f.sqlite3"}}},
    "with a shared cache": {"REDIS_URL": "redis://cache"},
    "with shared workers": {"CELERY_BROKER_URL": "redis://queue"},
    "for another folder": {"FACE_PAD_RECORDINGS_DIR": "/srv/recordings"},
}


@pytest.mark.parametrize("changes", REAL_SERVERS.values(), ids=REAL_SERVERS)
def test_a_real_server_with_the_setting_neither_starts_nor_records(
    changes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path, monkeypatch)
    for name, value in changes.items():
        monkeypatch.setattr(settings, name, value)

    (problem,) = check_recording()
    assert problem.id == "auth_service.E002"
    assert "pad_record" in problem.msg
    with pytest.raises(ImproperlyConfigured, match="FACE_PAD_RECORDINGS_DIR"):
        find_plan()


def test_a_folder_inside_a_real_data_directory_does_not_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, monkeypatch)
    data = run.rename(tmp_path / "var")
    monkeypatch.setattr(settings, "DATA_DIR", data)
    monkeypatch.setattr(settings, "DATABASES", {"default": {"NAME": data / "facegate.sqlite3"}})

    assert len(check_recording()) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"kind": 5}', "\x00"])
def test_a_run_without_a_plan_does_not_record(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, monkeypatch)
    (run / PLAN_FILE).write_text(content)

    assert "is not the plan" in check_recording()[0].msg
    with pytest.raises(ImproperlyConfigured):
        find_plan()


def test_a_plan_with_something_unknown_is_none(tmp_path: Path) -> None:
    write_plan(make_plan(tmp_path), tmp_path)
    members = json.loads((tmp_path / PLAN_FILE).read_text()) | {"upload_to": "elsewhere"}
    (tmp_path / PLAN_FILE).write_text(json.dumps(members))

    with pytest.raises(TypeError):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ""}, "no kind"),
        ({"kind": "Photo Print"}, "no kind"),
        ({"kind": "../up"}, "no kind"),
        ({"kind": "a" * 41}, "no kind"),
        ({"subject": ""}, "pseudonym"),
        ({"subject": "a" * 81}, "no subject"),
        ({"subject": "two\nlines"}, "no subject"),
        ({"subject": " Ana"}, "no subject"),
        ({"organisation": "bell\x07"}, "no organisation"),
        ({"sessions": 0}, "one session"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_in_words(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        make_plan(tmp_path, **change)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "auth_service.E002"),
        ({"DEBUG": "false", "SECRET_KEY": "s" * 50, "FACE_ENCRYPTION_KEYS": "k" * 50}, "refused with DEBUG"),
    ],
    ids=["development", "production"],
)
def test_the_server_refuses_to_start_with_the_setting(
    environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        manage_command("serve", "--port", "9"),
        env={
            **os.environ,
            "FACE_DATA_DIR": str(tmp_path / "data"),
            "FACE_PAD_RECORDINGS_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
