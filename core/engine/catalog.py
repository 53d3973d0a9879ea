"""The official InsightFace packs: their files and digests, licence and speed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

OFFICIAL_BASE_URL = "https://github.com/deepinsight/insightface/releases/download/v0.7/"
INSIGHTFACE_LICENCE = """\
InsightFace's pretrained models are available for non-commercial research purposes only.
The code of the insightface package is MIT-licensed; its model weights are not. A commercial
licence is sold by InsightFace (https://www.insightface.ai). By installing them you state
that your use is covered by these terms.
"""


@dataclass(frozen=True, slots=True)
class OfficialPack:
    """``archive_sha256`` None: its publisher states no digest, and the first installation's is recorded."""

    name: str
    detector_file: str
    recognizer_file: str
    describes: str
    archive_mib: int
    note: str
    archive_sha256: str | None

    @property
    def base_url(self) -> str:
        return OFFICIAL_BASE_URL

    @property
    def licence_text(self) -> str:
        return INSIGHTFACE_LICENCE

    @property
    def folder(self) -> PurePath:
        """Where it lies in the folder of models."""
        return PurePath(self.name)


@dataclass(frozen=True, slots=True)
class PackLicence:
    title: str
    commercial_use: bool
    note: str


# Digests: InsightFace's own server names them for all but buffalo_s, whose is the one that
# unrelated projects pinned when they downloaded it.
OFFICIAL_PACKS = {
    pack.name: pack
    for pack in (
        OfficialPack(
            name="buffalo_l",
            detector_file="det_10g.onnx",
            recognizer_file="w600k_r50.onnx",
            describes="SCRFD 10G, ResNet50 on WebFace600K, 512-d",
            archive_mib=276,
            note="accurate; slow without a GPU",
            archive_sha256="80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
        ),
        OfficialPack(
            name="buffalo_m",
            detector_file="det_2.5g.onnx",
            recognizer_file="w600k_r50.onnx",
            describes="SCRFD 2.5G, ResNet50 on WebFace600K, 512-d",
            archive_mib=264,
            note="accurate; fast detection, slow embedding",
            archive_sha256="d98264bd8f2dc75cbc2ddce2a14e636e02bb857b3051c234b737bf3b614edca9",
        ),
        OfficialPack(
            name="buffalo_s",
            detector_file="det_500m.onnx",
            recognizer_file="w600k_mbf.onnx",
            describes="SCRFD 500M, MobileFaceNet on WebFace600K, 512-d",
            archive_mib=122,
            note="fast",
            archive_sha256="d85a87f503f691807cd8bb97128bdf7a0660326cd9cd02657127fa978bab8b5e",
        ),
        OfficialPack(
            name="buffalo_sc",
            detector_file="det_500m.onnx",
            recognizer_file="w600k_mbf.onnx",
            describes="SCRFD 500M, MobileFaceNet on WebFace600K, 512-d",
            archive_mib=15,
            note="fast; the same models as buffalo_s in a small download",
            archive_sha256="57d31b56b6ffa911c8a73cfc1707c73cab76efe7f13b675a05223bf42de47c72",
        ),
        OfficialPack(
            name="antelopev2",
            detector_file="scrfd_10g_bnkps.onnx",
            recognizer_file="glintr100.onnx",
            describes="SCRFD 10G, ResNet100 on Glint360K, 512-d",
            archive_mib=344,
            note="most accurate; slowest",
            archive_sha256="8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5",
        ),
    )
}


def licence_of(name: str) -> PackLicence:
    """What may be done with an installed pack; nothing is assumed of one we do not know."""
    pack = OFFICIAL_PACKS.get(name)
    if pack is None:
        return PackLicence(
            title="not stated: ask whoever made the files",
            commercial_use=False,
            note="depends on its models",
        )
    return PackLicence(
        title="InsightFace models: non-commercial research only",
        commercial_use=False,
        note=pack.note,
    )
