"""What a page tells of its camera: checked, cut short, never trusted to be there."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.device import LABEL_LENGTH, describe_device, parse_device
from auth_service.protocol import SessionStart, parse_message
from common.errors import InvalidParameter
from core.liveness.injection import DeviceReport

WEBCAM = {
    "camera_label": "Integrated Camera (04f2:b6dd)",
    "width": 640,
    "height": 480,
    "frame_rate": 29.97,
    "capabilities": 12,
    "screen_width": 1920,
    "screen_height": 1080,
    "mobile": False,
}


def test_a_browsers_report_is_read() -> None:
    assert parse_device(WEBCAM) == DeviceReport(
        camera_label="Integrated Camera (04f2:b6dd)",
        width=640,
        height=480,
        frame_rate=29.97,
        capabilities=12,
        screen_width=1920,
        screen_height=1080,
        mobile=False,
    )


def test_it_comes_with_the_first_message() -> None:
    start = parse_message(json.dumps({"type": "session.start", "token": "t", "device": WEBCAM}))
    assert isinstance(start, SessionStart)
    assert start.device == parse_device(WEBCAM)


def test_a_page_may_tell_nothing_or_little() -> None:
    assert parse_device(None) is None
    assert parse_device({}) == DeviceReport()
    assert parse_device({"width": None, "new_member": {"a": 1}}) == DeviceReport()


@pytest.mark.parametrize("member", ["camera", 3, [], True])
def test_what_is_no_object_is_refused(member: object) -> None:
    with pytest.raises(InvalidParameter):
        parse_device(member)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("camera_label", 7),
        ("camera_label", None),
        ("width", "640"),
        ("width", True),
        ("width", -1),
        ("height", 10**400),
        ("frame_rate", math.nan),
        ("frame_rate", math.inf),
        ("frame_rate", [30]),
        ("capabilities", 10**6),
        ("screen_width", {}),
        ("mobile", "yes"),
    ],
)
def test_a_value_that_no_browser_gives_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_device({**WEBCAM, name: value})
    assert caught.value.details == {"field": f"device.{name}"}


def test_a_label_is_cut_and_freed_of_control_characters() -> None:
    report = parse_device({"camera_label": "Cam\x00\n\u202e" + "x" * 500})
    assert report is not None
    assert report.camera_label == "Cam" + "x" * (LABEL_LENGTH - 3)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(WEBCAM)) | st.text(), inner),
    )
)
def test_garbage_is_read_or_refused_and_what_is_read_is_json(garbage: object) -> None:
    try:
        report = parse_device(garbage)
    except InvalidParameter:
        return
    json.dumps(describe_device(report), allow_nan=False)
