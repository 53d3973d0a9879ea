"""What every pack promises, tried on both: the dlib pack everywhere, the ONNX pack where its files are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from core.engine.types import Box, FaceEngine, Image


@pytest.fixture(params=["dlib_engine", "onnx_engine"])
def engine(request: pytest.FixtureRequest) -> FaceEngine:
    loaded: FaceEngine = request.getfixturevalue(request.param)
    return loaded


def webcam_frame(photo: Image, *, face_px: float, face: Box) -> Image:
    """The photo scaled so that its face is ``face_px`` wide, on a 640 x 480 grey wall."""
    scale = face_px / face.width
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:480, :640]
    frame = np.full((480, 640, 3), 128, dtype=np.uint8)
    frame[: small.shape[0], : small.shape[1]] = small
    return frame


def test_one_face_is_found_where_it_is(engine: FaceEngine, astronaut: Image) -> None:
    faces = engine.detect(astronaut)

    assert len(faces) == 1
    center_x, center_y = faces[0].box.center
    assert 195 < center_x < 255
    assert 85 < center_y < 150
    assert 0.5 < faces[0].confidence <= 1.0


def test_landmarks_run_from_image_left_to_right_and_lie_in_the_box(
    engine: FaceEngine, astronaut: Image
) -> None:
    (face,) = engine.detect(astronaut)

    assert face.landmarks.shape == (5, 2)
    assert face.landmarks.dtype == np.float32
    left, top = face.landmarks.min(axis=0)
    right, bottom = face.landmarks.max(axis=0)
    assert face.box.left < left < right < face.box.right
    assert face.box.top < top < bottom < face.box.bottom
    if engine.landmark_layout == "eye_corners_nose":
        assert (np.diff(face.landmarks[:4, 0]) > 0).all()
        nose = face.landmarks[4]
    else:
        assert face.landmarks[0, 0] < face.landmarks[1, 0]
        assert face.landmarks[3, 0] < face.landmarks[4, 0]
        nose = face.landmarks[2]
    assert left < nose[0] < right


def test_faces_come_largest_first(engine: FaceEngine, six_people: Image) -> None:
    faces = engine.detect(six_people, input_size=1280)

    areas = [face.box.area for face in faces]
    assert len(faces) == 6
    assert areas == sorted(areas, reverse=True)


def test_a_picture_without_a_face_gives_none(engine: FaceEngine) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)

    assert engine.detect(noise) == []
    assert engine.detect(np.zeros((480, 640, 3), dtype=np.uint8)) == []


@pytest.mark.parametrize("face_px", [95, 130, 200])
def test_a_webcam_face_is_found_at_usual_distances(
    engine: FaceEngine, astronaut: Image, face_px: float
) -> None:
    (face,) = engine.detect(astronaut)

    (found,) = engine.detect(webcam_frame(astronaut, face_px=face_px, face=face.box))

    assert found.box.width == pytest.approx(face_px, rel=0.12)


def test_both_packs_draw_boxes_of_one_size(
    dlib_engine: FaceEngine, onnx_engine: FaceEngine, six_people: Image
) -> None:
    def boxes(engine: FaceEngine) -> list[Box]:
        found = engine.detect(six_people, input_size=1280)
        return sorted((face.box for face in found), key=lambda box: box.left)

    pairs = list(zip(boxes(dlib_engine), boxes(onnx_engine), strict=True))

    assert np.median([one.width / other.width for one, other in pairs]) == pytest.approx(1.0, abs=0.12)
    assert np.median([one.height / other.height for one, other in pairs]) == pytest.approx(1.0, abs=0.12)


def test_search_around_the_last_face_gives_the_same_face(engine: FaceEngine, astronaut: Image) -> None:
    (face,) = engine.detect(astronaut)

    (near,) = engine.detect(astronaut, search=face.box)

    assert np.abs(near.landmarks - face.landmarks).max() < 0.06 * face.box.width


def test_search_falls_back_to_the_whole_image_when_the_face_has_gone(
    engine: FaceEngine, astronaut: Image
) -> None:
    (face,) = engine.detect(astronaut)
    elsewhere = Box(left=400, top=380, right=470, bottom=470)

    (found,) = engine.detect(astronaut, search=elsewhere)

    assert found.box.center == pytest.approx(face.box.center, abs=0.1 * face.box.width)


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 0, 0),
        Box(50, 50, 20, 20),
        Box(-900, -900, -800, -800),
        Box(5000, 5000, 6000, 6000),
        Box(0, 0, 1e9, 1e9),
        Box(float("nan"), 0, 10, 10),
    ],
)
def test_a_senseless_search_box_does_no_harm(engine: FaceEngine, astronaut: Image, box: Box) -> None:
    assert len(engine.detect(astronaut, search=box)) == 1


def test_embeddings_are_unit_vectors_of_the_contract_s_dimension(
    engine: FaceEngine, astronaut: Image
) -> None:
    (face,) = engine.detect(astronaut)
    crop = engine.align(astronaut, face)

    embeddings = engine.embed([crop, crop])

    assert embeddings.shape == (2, engine.contract.dimension)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(embeddings[0], embeddings[1], atol=1e-5)


def test_nothing_to_embed_gives_no_rows(engine: FaceEngine) -> None:
    assert engine.embed([]).shape == (0, engine.contract.dimension)


def test_a_crop_of_another_size_is_refused(engine: FaceEngine) -> None:
    with pytest.raises(ValueError, match="shape"):
        engine.embed([np.zeros((90, 90, 3), dtype=np.uint8)])


def test_many_crops_at_once_give_what_single_ones_give(engine: FaceEngine, six_people: Image) -> None:
    crops = [engine.align(six_people, face) for face in engine.detect(six_people, input_size=1280)] * 3

    together = engine.embed(crops)
    single = np.concatenate([engine.embed([crop]) for crop in crops[:6]])

    np.testing.assert_allclose(together[:6], single, atol=1e-4)
    np.testing.assert_allclose(together[12:], single, atol=1e-4)


def test_a_person_is_closer_to_themselves_in_another_picture_than_to_anyone_else(
    engine: FaceEngine, six_people: Image
) -> None:
    darker = cv2.convertScaleAbs(cv2.resize(six_people, None, fx=0.85, fy=0.85), alpha=0.8)

    def embeddings(image: Image) -> np.ndarray:
        faces = sorted(engine.detect(image, input_size=1280), key=lambda face: face.box.left)
        return engine.embed([engine.align(image, face) for face in faces])

    similarity = embeddings(six_people) @ embeddings(darker).T

    assert (similarity.argmax(axis=1) == np.arange(6)).all()
    assert np.diag(similarity).min() > np.triu(similarity, 1).max() + 0.1


def test_a_tilted_head_is_aligned_upright(engine: FaceEngine, astronaut: Image) -> None:
    turn = cv2.getRotationMatrix2D((225, 115), 20, 1.0)
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    upright, leaning = engine.detect(astronaut)[0], engine.detect(tilted)[0]

    one, other = engine.embed([engine.align(astronaut, upright), engine.align(tilted, leaning)])

    assert float(one @ other) > 0.9


def test_threads_share_an_engine_without_mixing_up_faces(engine: FaceEngine, six_people: Image) -> None:
    """dlib's HOG detector crashes the process when two threads use one."""
    images = [cv2.resize(six_people, (size * 4 // 3, size)) for size in (240, 300, 360, 480)]

    def boxes(image: Image) -> list[tuple[float, float]]:
        return [face.box.center for face in engine.detect(image, input_size=480)]

    alone = [boxes(image) for image in images]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(boxes, images * 4))

    assert together == alone * 4


def test_pack_and_contract_describe_themselves(engine: FaceEngine) -> None:
    summary, contract = engine.summary(), engine.contract

    assert summary.name
    assert summary.licence
    assert summary.note
    assert len(contract.digest) == 64
    assert len(contract.key) <= 96
    assert contract.key.endswith(f":{contract.dimension}:{contract.digest[:16]}")
