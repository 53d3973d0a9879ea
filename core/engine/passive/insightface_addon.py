"""InsightFace's liveness addon, run by the library's own class: its alignment, its threshold, its refusal of
crops that reach too far out of the image. Nothing is downloaded here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.digests import file_sha256
from core.engine.onnx import open_session
from core.engine.passive.model import to_common_scale
from core.engine.types import DetectedFace, Image, LandmarkLayout

KIND = "insightface-liveness"
FILE_NAME = "liveness.onnx"
LAYOUT = LandmarkLayout.EYES_NOSE_MOUTH
"""Its crop is aligned by eyes, nose and mouth corners; other points would show it another picture."""
_PROBE_SIDE_PX = 160


class InsightFaceLiveness:
    """See `PassiveModel`. Needs faces of the layout `LAYOUT`."""

    def __init__(self, *, model: Any, name: str, sha256: str) -> None:
        self._model = model
        self._files = {name: sha256}

    @property
    def kind(self) -> str:
        return KIND

    @property
    def files(self) -> Mapping[str, str]:
        return self._files

    def live_probability(self, image: Image, face: DetectedFace, *, turn: int | None = None) -> float | None:
        """None where more than 30 % of its crop lies outside the image. Raises EngineUnavailable."""
        try:
            answer = self._model.predict(image, face.landmarks)
        except RuntimeError as error:
            raise EngineUnavailable(f"{KIND}: {error}") from error
        if answer["status"] != "ok":
            return None
        return to_common_scale(answer["live_score"], operating_point=self._model.threshold)


def load_insightface_liveness(path: Path, config: EngineConfig) -> InsightFaceLiveness:
    """Raises EngineUnavailable for a model of another shape or one that answers with no probability."""
    # insightface takes a second to import, and most packs never need this.
    from insightface.addons.liveness import (  # noqa: PLC0415
        DESTINATION_LANDMARKS,
        INPUT_SIZE,
        Liveness,
    )

    session = open_session(path, config)
    probe = np.full((_PROBE_SIDE_PX, _PROBE_SIDE_PX, 3), 128, dtype=np.uint8)
    points = DESTINATION_LANDMARKS * (_PROBE_SIDE_PX / INPUT_SIZE)
    try:
        model = Liveness(path, session=session)
        model.predict(probe, points)
    except RuntimeError as error:
        raise EngineUnavailable(f"{path} is not InsightFace's liveness model: {error}") from error
    return InsightFaceLiveness(model=model, name=path.name, sha256=file_sha256(path))
