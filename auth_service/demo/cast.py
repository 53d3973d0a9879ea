"""The people of the demo: photos that installed packages carry, with face points and outline marked by hand.

The marks are facts about those files, so the virtual person does not depend on the pack under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from core.engine.types import Image

Point = tuple[int, int]
"""Pixels (x, y) of the photo."""


@dataclass(frozen=True, slots=True)
class FacePoints:
    """Left and right are the image's."""

    left_eye: Point
    """Outer corner, as is the right one."""
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point
    chin: Point


@dataclass(frozen=True, slots=True)
class CastMember:
    name: str
    package: str
    path: str
    points: FacePoints
    outline: tuple[Point, ...]
    """The person's silhouette, clockwise from the lower left; open along the photo's lower edge."""
    bow: float = 0.0
    """Degrees by which the head is bowed in the photo; the virtual person holds it up by as much."""

    def load_photo(self) -> Image:
        """The packaged photo, BGR. Raises FileNotFoundError when the package no longer carries it."""
        # Found without importing: some of these packages take a second to import.
        spec = find_spec(self.package)
        roots = spec.submodule_search_locations if spec else None
        if not roots:
            raise FileNotFoundError(f"the package {self.package} is not installed")
        photo = cv2.imread(str(Path(roots[0]) / self.path), cv2.IMREAD_COLOR)
        if photo is None:
            raise FileNotFoundError(f"{self.package} has no picture {self.path}")
        return np.asarray(photo, np.uint8)


# fmt: off
ASTRONAUT = CastMember(
    name="astronaut",
    package="skimage",
    path="data/astronaut.png",
    points=FacePoints((195, 101), (255, 105), (225, 127), (201, 139), (246, 141), (220, 180)),
    bow=5.0,
    outline=(
        (39, 298), (46, 271), (74, 236), (114, 207), (113, 187), (123, 180), (129, 169), (141, 157),
        (160, 150), (185, 149), (184, 136), (179, 131), (173, 120), (160, 106), (154, 87), (153, 69),
        (159, 54), (173, 43), (190, 35), (206, 22), (233, 16), (258, 21), (278, 32), (294, 50), (300, 72),
        (301, 88), (295, 109), (284, 127), (271, 137), (266, 147), (258, 163), (256, 170), (268, 181),
        (286, 200), (298, 226), (304, 240), (321, 245), (339, 261), (352, 288), (357, 319),
    ),
)
ADMIRAL = CastMember(
    name="admiral",
    package="matplotlib",
    path="mpl-data/sample_data/grace_hopper.jpg",
    points=FacePoints((208, 195), (320, 189), (266, 238), (233, 281), (300, 277), (269, 333)),
    bow=3.0,
    outline=(
        (12, 592), (18, 521), (26, 429), (39, 395), (76, 368), (143, 351), (184, 331), (201, 317),
        (194, 296), (175, 287), (160, 267), (166, 249), (161, 222), (154, 201), (159, 181), (151, 167),
        (154, 132), (158, 101), (176, 83), (181, 65), (197, 48), (217, 42), (234, 30), (258, 23), (285, 27),
        (307, 38), (339, 57), (353, 87), (369, 91), (371, 135), (370, 176), (374, 193), (371, 221),
        (364, 256), (360, 283), (343, 306), (332, 315), (372, 342), (435, 370), (486, 388), (501, 419),
        (509, 446), (518, 479), (532, 564),
    ),
)
CARD_PLAYER = CastMember(
    name="card player",
    package="insightface",
    path="data/images/t1.jpg",
    points=FacePoints((483, 317), (550, 335), (508, 366), (481, 369), (531, 380), (498, 415)),
    bow=15.0,
    outline=(
        (343, 526), (340, 493), (340, 447), (349, 420), (359, 406), (381, 394), (406, 382), (430, 367),
        (448, 356), (460, 355), (462, 340), (464, 328), (464, 310), (467, 293), (467, 270), (468, 253),
        (476, 235), (493, 224), (507, 219), (534, 220), (563, 224), (583, 233), (598, 246), (607, 269),
        (607, 295), (598, 319), (593, 331), (586, 347), (575, 364), (564, 370), (556, 383), (547, 393),
        (560, 402), (576, 424), (581, 456), (586, 489), (596, 507), (611, 492), (620, 476), (611, 443),
        (617, 431), (643, 425), (678, 434), (677, 469), (660, 509), (641, 530), (613, 567), (597, 595),
    ),
)
# fmt: on
CAST = (ASTRONAUT, ADMIRAL, CARD_PLAYER)
