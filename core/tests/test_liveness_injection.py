"""Injection hints: each from its own evidence, a risk beside the verdict and never a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.liveness.injection import (
    HIGH_RISK,
    THIN_MARGIN,
    DeviceReport,
    Hint,
    InjectionRisk,
    assess_injection,
)
from core.liveness.observation import FrameObservation
from core.liveness.sensor_noise import NoiseSample
from core.tests.liveness_cast import observe

WEBCAM = DeviceReport(
    camera_label="Integrated Camera (04f2:b6dd)", width=640, height=480, frame_rate=30.0, capabilities=12
)
FRESH = NoiseSample(level=1.1, returning=0.1)


def filmed(
    count: int = 40, *, fps: float = 8.0, noise: NoiseSample | None = FRESH, jitter: float = 0.004
) -> list[FrameObservation]:
    wobble = np.random.default_rng(3).normal(0.0, jitter, count) if jitter else np.zeros(count)
    return [
        replace(observe(number / fps + float(wobble[number]), None), noise=noise) for number in range(count)
    ]


def hints_of(device: DeviceReport | None = WEBCAM, frames: list[FrameObservation] | None = None) -> set[Hint]:
    return set(assess_injection(device, filmed() if frames is None else frames).hints)


def test_a_webcam_that_films_a_room_gives_no_hint() -> None:
    assert assess_injection(WEBCAM, filmed()) == InjectionRisk(risk=0.0, hints=())


@pytest.mark.parametrize(
    "label",
    [
        "OBS Virtual Camera",
        "obs-camera",
        "ManyCam Virtual Webcam",
        "Snap Camera",
        "XSplit VCam",
        "Dummy video device (0x0000)",
        "v4l2loopback",
        "fake_device_0",
        "/home/me/face.mjpeg",
        "session.y4m",
        "DroidCam Source 3",
        "e2eSoft iVCam",
        "Camo",
        "NDI Webcam Video 1",
    ],
)
def test_programs_that_play_a_camera_are_known_by_name(label: str) -> None:
    assert Hint.VIRTUAL_CAMERA in hints_of(replace(WEBCAM, camera_label=label))


@pytest.mark.parametrize(
    "label",
    [
        "FaceTime HD Camera",
        "Logitech BRIO (046d:085e)",
        "camera2 1, facing front",
        "Surface Camera Front",
        "USB2.0 HD UVC WebCam (13d3:56a2)",
        "OBSBOT Tiny 2",
        "Vorderkamera",
        "Kamera depan",
    ],
)
def test_real_cameras_are_not(label: str) -> None:
    assert hints_of(replace(WEBCAM, camera_label=label)) == set()


@pytest.mark.parametrize(
    ("device", "hint"),
    [
        (None, Hint.NO_DEVICE_REPORT),
        (replace(WEBCAM, camera_label="  "), Hint.UNNAMED_CAMERA),
        (replace(WEBCAM, capabilities=0), Hint.NO_CAPABILITIES),
        (replace(WEBCAM, width=320, height=240), Hint.LARGER_THAN_CAMERA),
        (replace(WEBCAM, frame_rate=5.0), Hint.FASTER_THAN_CAMERA),
    ],
)
def test_a_report_that_does_not_fit_is_one_hint(device: DeviceReport | None, hint: Hint) -> None:
    assert hints_of(device) == {hint}


def test_what_a_browser_cannot_tell_is_held_against_nobody() -> None:
    assert hints_of(DeviceReport(camera_label="Kamera 1")) == set()


def test_a_phone_held_upright_is_no_larger_camera() -> None:
    assert hints_of(replace(WEBCAM, width=480, height=640)) == set()


def test_frames_to_the_tick_of_a_clock_come_from_a_program() -> None:
    assert hints_of(frames=filmed(jitter=0.0)) == {Hint.CLOCKWORK_TIMING}


@pytest.mark.parametrize(
    ("noise", "hint"),
    [
        (NoiseSample(level=0.0, returning=None), Hint.NOISE_ABSENT),
        (NoiseSample(level=1.2, returning=0.98), Hint.NOISE_RETURNING),
    ],
)
def test_noise_tells_a_made_feed(noise: NoiseSample, hint: Hint) -> None:
    assert hints_of(frames=filmed(noise=noise)) == {hint}


def test_a_wall_that_shows_no_noise_is_held_against_nobody() -> None:
    assert hints_of(frames=filmed(noise=None)) == set()


def test_a_few_frames_are_no_habit() -> None:
    assert hints_of(frames=filmed(8, jitter=0.0, noise=NoiseSample(level=0.0, returning=None))) == set()
    assert hints_of(frames=[]) == set()


def test_hints_add_up_and_never_beyond_one() -> None:
    few = assess_injection(replace(WEBCAM, camera_label="OBS Virtual Camera"), filmed())
    silent = filmed(jitter=0.0, noise=NoiseSample(level=0.0, returning=None))
    many = assess_injection(replace(WEBCAM, camera_label="OBS Virtual Camera", capabilities=0), silent)

    assert 0.0 < few.risk < many.risk < 1.0
    assert len(many.hints) == 4


@given(risk=st.floats(0, 1), margin=st.floats(-2, 2))
def test_neither_risk_nor_a_thin_margin_is_doubt_alone(risk: float, margin: float) -> None:
    doubts = InjectionRisk(risk=risk, hints=()).doubts(margin)

    assert doubts == (risk >= HIGH_RISK and margin < THIN_MARGIN)


def test_one_weak_hint_is_never_high() -> None:
    for device in (None, replace(WEBCAM, camera_label=""), replace(WEBCAM, capabilities=0)):
        assert assess_injection(device, filmed()).risk < HIGH_RISK
