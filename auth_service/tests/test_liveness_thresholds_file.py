"""FACE_LIVENESS_THRESHOLDS: a site's file is in force everywhere, or the server does not start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from auth_service.checks import check_liveness_thresholds
from auth_service.flows import Accepted, Refused, VerificationFlow
from auth_service.tests.flow_cast import TRAITS, Someone, script_for
from auth_service.thresholds import MOST_BYTES, read_policies, site_policies
from core.liveness.policy import SHIPPED_POLICIES, Level, Policies
from core.liveness.reasons import Reason
from core.liveness.thresholds import UnusableThresholds


@pytest.fixture
def site_file(tmp_path: Path, settings: Settings) -> Path:
    """Where the site's thresholds lie; tests write it."""
    read_policies.cache_clear()
    path = tmp_path / "thresholds.json"
    settings.FACE_LIVENESS_THRESHOLDS = str(path)
    return path


def test_without_the_setting_the_shipped_thresholds_are_in_force(settings: Settings) -> None:
    settings.FACE_LIVENESS_THRESHOLDS = ""
    assert site_policies() is SHIPPED_POLICIES
    assert check_liveness_thresholds() == []


def test_a_good_file_is_in_force_and_passes_the_check(site_file: Path) -> None:
    site_file.write_text('{"standard": {"flash_gain": 0.2}}')

    assert site_policies()[Level.STANDARD].flash_gain == 0.2
    assert check_liveness_thresholds() == []


def test_the_file_is_read_once(site_file: Path) -> None:
    site_file.write_text('{"standard": {"flash_gain": 0.2}}')
    first = site_policies()
    site_file.write_text('{"standard": {"flash_gain": 0.3}}')
    assert site_policies() is first


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 60_000, "it is not JSON"),
        (b"[]", "not an object of levels"),
        (b'{"standard": {"flash_gain": NaN}}', "nan is not between"),
        (b'{"standard": {"flash_gain": 0.1, "flash_gain": 0.2}}', "'flash_gain' stands twice"),
        (b'{"standard": {}, "standard": {}}', "'standard' stands twice"),
        (b'{"medium": {}}', "no such level"),
        (b'{"basic": {"flash_gian": 1}}', "no such threshold"),
        (b'{"basic": {"flash_gain": 7}}', "not between"),
        (b" " * (MOST_BYTES + 1), "larger than 64 KiB"),
    ],
)
def test_a_bad_file_is_refused_and_named(site_file: Path, content: bytes, cause: str) -> None:
    site_file.write_bytes(content)

    with pytest.raises(UnusableThresholds, match=cause):
        site_policies()
    (error,) = check_liveness_thresholds()
    assert error.id == "auth_service.E001"
    assert str(site_file) in error.msg


def test_a_missing_file_and_a_folder_are_refused(site_file: Path) -> None:
    with pytest.raises(UnusableThresholds, match="No such file"):
        site_policies()
    site_file.mkdir()
    with pytest.raises(UnusableThresholds, match="Is a directory"):
        site_policies()


@pytest.mark.slow
def test_a_server_with_a_bad_file_does_not_start(site_file: Path) -> None:
    site_file.write_text('{"standard": {"flash_gain": 7}}')
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", "0"],
        cwd=project.BASE_DIR,
        env=os.environ | {"FACE_LIVENESS_THRESHOLDS": str(site_file), "FACE_DATA_DIR": str(site_file.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert "auth_service.E001" in done.stderr
    assert "standard.flash_gain: 7 is not between" in done.stderr
    assert "Listening" not in done.stdout


def held_to(policies: Policies, *, gain: float) -> Accepted | Refused:
    flow = VerificationFlow(script=script_for(), traits=TRAITS, policies=policies)
    return Someone(gain=gain).play(flow)


def test_a_tighter_threshold_refuses_who_the_shipped_one_accepts(site_file: Path) -> None:
    shipped = held_to(SHIPPED_POLICIES, gain=0.15)
    assert isinstance(shipped, Accepted)
    site_file.write_text(json.dumps({"standard": {"flash_gain": 2 * shipped.liveness.signals["flash_gain"]}}))

    tight = held_to(site_policies(), gain=0.15)

    assert isinstance(tight, Refused)
    assert tight.reasons[0] == Reason.SCREEN_LIGHT_MISSING
    assert tight.liveness.margins["flash"] < 0


def test_a_looser_threshold_accepts_who_the_shipped_one_refuses(site_file: Path) -> None:
    faint = held_to(SHIPPED_POLICIES, gain=0.009)
    assert isinstance(faint, Refused)
    assert {"flash", "flash_shape"} <= {name for name, margin in faint.liveness.margins.items() if margin < 0}
    site_file.write_text('{"standard": {"flash_gain": 0.004, "flash_center": 0.004}}')

    assert isinstance(held_to(site_policies(), gain=0.009), Accepted)


def test_the_level_reached_is_the_sites_too(site_file: Path) -> None:
    """A mode without flashes reaches only basic; a site whose basic nobody passes gives no level at all."""

    def safe(policies: Policies) -> Accepted:
        script = script_for(safe_mode=True)
        end = Someone().play(VerificationFlow(script=script, traits=TRAITS, policies=policies))
        assert isinstance(end, Accepted)
        return end

    assert safe(SHIPPED_POLICIES).liveness.reached is Level.BASIC
    site_file.write_text('{"basic": {"depth_with_mouth": 1.0}}')
    assert safe(site_policies()).liveness.reached is None
