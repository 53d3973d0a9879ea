"""Passive models that `models install` fetches: single files, each with its digest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from core.engine.catalog import INSIGHTFACE_LICENCE, PackLicence
from core.engine.passive import insightface_addon, minifasnet
from core.engine.passive.loading import INSTALLED

MINIFASNET_LICENCE = """\
MiniFASNet V2 and V1SE are models of Silent-Face-Anti-Spoofing, copyright minivision-ai, licensed
under the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0):
https://github.com/minivision-ai/Silent-Face-Anti-Spoofing. The ONNX files are the conversion that
https://github.com/yakhyo/face-anti-spoofing publishes.
"""


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    asset: str
    """Its name in the release."""
    name: str
    """Its name once installed: what a MiniFASNet is called tells its crop."""
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PassiveRelease:
    name: str
    base_url: str
    files: tuple[ReleasedFile, ...]
    licence: PackLicence
    licence_text: str

    @property
    def folder(self) -> PurePath:
        """Where it lies in the folder of models."""
        return PurePath(INSTALLED) / self.name


PASSIVE_RELEASES = {
    release.name: release
    for release in (
        # The digests that uniface (PyPI) states for these files and unrelated projects pinned.
        PassiveRelease(
            name=minifasnet.KIND,
            base_url="https://github.com/yakhyo/face-anti-spoofing/releases/download/weights/",
            files=(
                ReleasedFile(
                    asset="MiniFASNetV2.onnx",
                    name="2.7_80x80_MiniFASNetV2.onnx",
                    sha256="b32929adc2d9c34b9486f8c4c7bc97c1b69bc0ea9befefc380e4faae4e463907",
                    size_bytes=1_743_581,
                ),
                ReleasedFile(
                    asset="MiniFASNetV1SE.onnx",
                    name="4_0_0_80x80_MiniFASNetV1SE.onnx",
                    sha256="ebab7f90c7833fbccd46d3a555410e78d969db5438e169b6524be444862b3676",
                    size_bytes=1_742_335,
                ),
            ),
            licence=PackLicence(
                title="Apache-2.0 (minivision-ai)",
                commercial_use=True,
                note="passive liveness for every pack; two small networks",
            ),
            licence_text=MINIFASNET_LICENCE,
        ),
        # The digest that the insightface package states.
        PassiveRelease(
            name=insightface_addon.KIND,
            base_url="https://github.com/deepinsight/insightface-model-addons/releases/download/addons/",
            files=(
                ReleasedFile(
                    asset="liveness.onnx",
                    name=insightface_addon.FILE_NAME,
                    sha256="87a9ac1dbb16a61eec212957e5095e62a8769c1e188af9b0198f253302c4afdb",
                    size_bytes=1_484_006,
                ),
            ),
            licence=PackLicence(
                title="InsightFace models: non-commercial research only",
                commercial_use=False,
                note="passive liveness for packs with mouth corners, so not for dlib",
            ),
            licence_text=INSIGHTFACE_LICENCE,
        ),
    )
}
