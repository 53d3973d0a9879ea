"""A site's own thresholds: set over the shipped policies, or refused whole with the cause named."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.types import LandmarkLayout
from core.liveness.gates import FOLLOW, SAME_PERSON, gates_for, thresholds_in_force
from core.liveness.policy import DEPTH, SHIPPED_POLICIES, Level, LivenessPolicy, policy_for
from core.liveness.thresholds import RANGES, UnusableThresholds, changed_thresholds, policies_from
from core.liveness.traits import PackTraits


def test_what_is_not_named_stays_as_shipped() -> None:
    policies = policies_from({"standard": {"flash_correlation": 0.8}})

    assert policies[Level.STANDARD] == replace(policy_for(Level.STANDARD), flash_correlation=0.8)
    assert policies[Level.BASIC] == policy_for(Level.BASIC)
    assert policies[Level.STRICT] == policy_for(Level.STRICT)
    assert changed_thresholds(policies[Level.STANDARD]) == {"flash_correlation": 0.8}
    assert changed_thresholds(policies[Level.STRICT]) == {}


def test_an_empty_document_changes_nothing() -> None:
    assert policies_from({}) == dict(SHIPPED_POLICIES)
    assert policies_from({"basic": {}}) == dict(SHIPPED_POLICIES)


def test_every_number_of_a_policy_may_be_set_and_nothing_else() -> None:
    assert set(RANGES) == {field.name for field in fields(LivenessPolicy) if field.type == "float"}


@pytest.mark.parametrize("level", list(Level))
def test_the_shipped_thresholds_lie_within_what_may_be_set(level: Level) -> None:
    shipped = policy_for(level)
    assert {name for name, (low, high) in RANGES.items() if not low < getattr(shipped, name) < high} == set()


@pytest.mark.parametrize("name", list(RANGES))
def test_both_ends_of_a_range_are_in_it_and_what_lies_beyond_is_not(name: str) -> None:
    for end in RANGES[name]:
        assert getattr(policies_from({"strict": {name: end}})[Level.STRICT], name) == end
    low, high = RANGES[name]
    for beyond in (low - 0.0001, high + 0.0001):
        with pytest.raises(UnusableThresholds, match=rf"strict\.{name}: .* is not between"):
            policies_from({"strict": {name: beyond}})


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        (None, "not an object of levels"),
        ([], "not an object of levels"),
        ("standard", "not an object of levels"),
        ({"medium": {}}, "'medium': no such level; there are basic, standard, strict"),
        ({"Standard": {}}, "no such level"),
        ({"standard": None}, "standard: not an object of thresholds"),
        ({"standard": [0.8]}, "not an object of thresholds"),
        (
            {"standard": {"flash_corelation": 0.8}},
            "'flash_corelation': no such threshold; there are flash_corr",
        ),
        ({"standard": {"retries": 3}}, "'retries': no such threshold"),
        ({"standard": {"gates_shape": 0}}, "'gates_shape': no such threshold"),
        ({"standard": {"level": "strict"}}, "'level': no such threshold"),
        ({"standard": {"depth": 0.1}}, "'depth': no such threshold"),
        ({"standard": {"flash_gain": "0.1"}}, "standard.flash_gain: '0.1' is not a number"),
        ({"standard": {"flash_gain": True}}, "True is not a number"),
        ({"standard": {"flash_gain": None}}, "None is not a number"),
        ({"standard": {"flash_gain": [0.1]}}, "is not a number"),
        ({"standard": {"flash_gain": math.nan}}, "nan is not between"),
        ({"standard": {"flash_gain": math.inf}}, "inf is not between"),
        ({"standard": {"flash_gain": 10**400}}, "is not between"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_set(document: object, cause: str) -> None:
    with pytest.raises(UnusableThresholds) as refused:
        policies_from(document)
    assert cause in str(refused.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(document=json_values | st.dictionaries(st.sampled_from(list(Level)), json_values, max_size=3))
def test_any_document_is_used_or_refused(document: object) -> None:
    try:
        policies = policies_from(document)
    except UnusableThresholds:
        return
    for level in Level:
        for name, (low, high) in RANGES.items():
            assert low <= getattr(policies[level], name) <= high


@pytest.mark.parametrize("layout", list(LandmarkLayout))
def test_each_gate_is_held_to_a_threshold_in_force(layout: LandmarkLayout) -> None:
    traits = PackTraits(layout=layout, has_passive_model=False, same_person_cosine=0.41)
    known = thresholds_in_force(policy=policy_for(Level.STANDARD), traits=traits)

    assert {gate.threshold for gate in gates_for(layout)} | {"loop_distance"} == set(known)
    assert known[FOLLOW] == 1.0
    assert known[SAME_PERSON] == 0.41
    (plane,) = [gate for gate in gates_for(layout) if gate.signal == "plane"]
    assert known[plane.threshold] == DEPTH[layout] == policy_for(Level.STANDARD).depth(layout)
