"""The official InsightFace packs: what they are, under which licence, how fast, and their digests."""

from __future__ import annotations

from dataclasses import dataclass

OFFICIAL_BASE_URL = "https://github.com/deepinsight/insightface/releases/download/model-zoo/"
INSIGHTFACE_LICENCE = """\
InsightFace's pretrained models are available for non-commercial research purposes only.
The code of the insightface package is MIT-licensed; its model weights are not. A commercial
licence is sold by InsightFace (https://www.insightface.ai). By installing a pack you state
that your use is covered by these terms.
"""


@dataclass(frozen=True, slots=True)
class OfficialPack:
    name: str
    detector: str
    recognizer: str
    size_mib: int
    speed_note: str
    zip_sha256: str | None = None
    """None where the publisher states no digest: the first installation's is recorded."""


@dataclass(frozen=True, slots=True)
class PackLicence:
    title: str
    commercial_use: bool
    speed_note: str


OFFICIAL_PACKS = {
    pack.name: pack
    for pack in (
        OfficialPack(
            "buffalo_l", "SCRFD 10G", "ResNet50 on WebFace600K, 512-d", 326, "accurate; slow on CPU"
        ),
        OfficialPack(
            "buffalo_m", "SCRFD 2.5G", "ResNet50 on WebFace600K, 512-d", 313, "accurate; slow embedding"
        ),
        OfficialPack("buffalo_s", "SCRFD 500M", "MobileFaceNet on WebFace600K, 512-d", 159, "fast"),
        OfficialPack("buffalo_sc", "SCRFD 500M", "MobileFaceNet on WebFace600K, 512-d", 16, "fast and small"),
        OfficialPack(
            "antelopev2", "SCRFD 10G", "ResNet100 on Glint360K, 512-d", 407, "most accurate; slowest"
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
            speed_note="depends on its models",
        )
    return PackLicence(
        title="InsightFace models: non-commercial research only",
        commercial_use=False,
        speed_note=pack.speed_note,
    )
