"""Tables: interpolation, the percent scale, and which file is used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calibration import Calibration, NotCalibrated, calibration_for, write_table
from core.calibration.table import DECLARED_FMRS, Threshold, table_from_json
from core.engine.insightface_pack import InsightFaceEngine
from core.engine.synthetic import SyntheticEngine
from core.engine.types import EmbeddingContract, FaceEngine

KEY = "test:8:0123456789abcdef"


def make_table(*cosines: float, contract: str = KEY, **changes: Any) -> Calibration:
    values: dict[str, Any] = {
        "contract": contract,
        "thresholds": tuple(
            Threshold(fmr=fmr, cosine=cosine, extrapolated=fmr < 1e-2)
            for fmr, cosine in zip(DECLARED_FMRS, cosines or (0.3, 0.4, 0.5, 0.6, 0.7), strict=False)
        ),
        "default_fmr": 1e-4,
        "impostor_median": 0.05,
        "genuine_pairs": 91,
        "impostor_pairs": 812,
        "people": 10,
        "source": "made up",
        "method": "made up",
    }
    return Calibration(**{**values, **changes})


def test_declared_rates_give_their_cosines_and_the_default_is_one_of_them() -> None:
    table = make_table()

    assert [table.threshold(fmr) for fmr in DECLARED_FMRS] == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7])
    assert table.default_threshold == table.threshold(1e-4)


def test_between_declared_rates_the_logarithm_decides() -> None:
    assert make_table().threshold(10**-2.5) == pytest.approx(0.35)


@pytest.mark.parametrize("fmr", [0.0, 1.0, 0.02, 9e-7, -1e-3, float("nan")])
def test_rates_outside_the_table_are_refused(fmr: float) -> None:
    with pytest.raises(ValueError, match="false match rate"):
        make_table().threshold(fmr)


@given(st.floats(1e-6, 1e-2), st.floats(1e-6, 1e-2))
def test_a_stricter_rate_never_has_a_lower_threshold(one: float, other: float) -> None:
    table = make_table()

    strict, lax = sorted([one, other])
    assert table.threshold(strict) >= table.threshold(lax)


@pytest.mark.parametrize(
    ("cosine", "percent"),
    [(-1.0, 0.0), (0.05, 10.0), (0.3, 60.0), (0.4, 80.0), (0.5, 95.0), (0.7, 99.0), (1.0, 100.0)],
)
def test_the_percent_scale_is_fixed_to_declared_rates(cosine: float, percent: float) -> None:
    table = make_table()

    assert table.to_percent(cosine) == pytest.approx(percent)
    assert table.from_percent(percent) == pytest.approx(cosine)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_percent_scale_rises_with_the_cosine_and_can_be_undone(one: float, other: float) -> None:
    table = make_table()

    if one < other - 1e-9:
        assert table.to_percent(one) < table.to_percent(other)
    assert table.from_percent(table.to_percent(one)) == pytest.approx(one, abs=1e-6)


def test_cosines_beyond_rounding_stay_on_the_scale() -> None:
    assert make_table().to_percent(1.0000002) == 100.0
    assert make_table().to_percent(-1.1) == 0.0
    with pytest.raises(ValueError, match="100"):
        make_table().from_percent(100.5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_table(0.3, 0.4, 0.4, 0.6, 0.7), "do not rise"),
        (lambda: make_table(0.3, 0.5, 0.4, 0.6, 0.7), "do not rise"),
        (lambda: make_table(0.3, 0.4, 0.5, 0.6, 1.0), "between -1 and 1"),
        (lambda: make_table(impostor_median=0.31), "do not rise"),
        (lambda: make_table(default_fmr=0.5), "default"),
        (lambda: make_table(0.3, 0.4), "declares"),
    ],
)
def test_a_table_that_makes_no_sense_cannot_be_made(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_table_survives_its_file() -> None:
    assert table_from_json(make_table().to_json()) == make_table()


@pytest.mark.parametrize("damage", ["version", "contract", "thresholds"])
def test_a_file_that_lacks_a_field_is_no_table(damage: str) -> None:
    document = json.loads(make_table().to_json())
    del document[damage]

    with pytest.raises(ValueError, match="calibration table"):
        table_from_json(json.dumps(document))


def test_without_a_table_nobody_is_verified(models_dir: Path) -> None:
    with pytest.raises(NotCalibrated, match=r"manage\.py calibrate") as refused:
        calibration_for(KEY)

    assert refused.value.code == "not_calibrated"
    assert not refused.value.retryable


def test_a_written_table_is_used(models_dir: Path) -> None:
    path = write_table(make_table())

    assert path.parent == models_dir / "calibration"
    assert calibration_for(KEY) == make_table()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_operator_s_table_comes_before_the_shipped_one(models_dir: Path) -> None:
    contract = SyntheticEngine().contract
    shipped = calibration_for(contract)

    write_table(replace(shipped, default_fmr=1e-2))

    assert calibration_for(contract).default_threshold < shipped.default_threshold
    assert calibration_for(contract.key) == calibration_for(contract)


def test_a_renamed_pack_keeps_its_table_but_another_digest_has_none(models_dir: Path) -> None:
    write_table(make_table())
    contract = EmbeddingContract("renamed", "0123456789abcdef" + "0" * 48, 8, "")

    assert calibration_for(contract).contract == KEY
    with pytest.raises(NotCalibrated):
        calibration_for(replace(contract, digest="f" * 64))
    with pytest.raises(NotCalibrated):
        calibration_for(replace(contract, dimension=16))


def test_a_damaged_table_is_named_and_not_skipped(models_dir: Path) -> None:
    path = write_table(make_table())
    path.write_text("{}")

    with pytest.raises(NotCalibrated, match=path.name):
        calibration_for(KEY)


def test_the_dlib_pack_ships_with_a_table(models_dir: Path, dlib_engine: FaceEngine) -> None:
    table = calibration_for(dlib_engine.contract)

    assert table.contract == dlib_engine.contract.key
    assert table.people == 10
    assert (table.genuine_pairs, table.impostor_pairs) == (91, 812)
    assert not table.thresholds[0].extrapolated
    assert all(threshold.extrapolated for threshold in table.thresholds[1:])


def test_the_test_pack_ships_with_a_table(models_dir: Path, onnx_engine: InsightFaceEngine) -> None:
    assert calibration_for(onnx_engine.contract).contract == onnx_engine.contract.key
