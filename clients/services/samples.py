"""Accepted faces become rows, and images only where policy keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import SupportsFloat
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from clients.choices import ImageRetention
from clients.models import ClientUser, FaceSample
from clients.services.files import removed_on_failure
from common.templates import Template


@dataclass(frozen=True, slots=True)
class NewSample:
    """One accepted face."""

    template: Template
    quality: Mapping[str, SupportsFloat] = field(default_factory=dict)
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """left, top, right, bottom in pixels of the frame"""
    confidence: float = 0.0
    jpeg: bytes | None = None
    """The picture; written only when the client's retention policy keeps samples."""


def record_samples(
    *,
    user: ClientUser,
    samples: Sequence[NewSample],
    source: str,
    session_id: UUID | None = None,
) -> list[FaceSample]:
    """Store samples in the caller's transaction, all or none; ``source`` is a `SampleSource`."""
    keeps_images = user.client.image_retention != ImageRetention.NONE
    written: list[str] = []
    with removed_on_failure(written), transaction.atomic():
        rows = [_build(user=user, sample=sample, source=source, session_id=session_id) for sample in samples]
        for row, sample in zip(rows, samples, strict=True):
            if keeps_images and sample.jpeg:
                row.image.save("sample.jpg", ContentFile(sample.jpeg), save=False)
                written.append(str(row.image.name))
            row.save(force_insert=True)
    return rows


def _build(*, user: ClientUser, sample: NewSample, source: str, session_id: UUID | None) -> FaceSample:
    row = FaceSample(
        client=user.client,
        user=user,
        source=source,
        session_id=session_id,
        # NaN and infinity are not JSON, and PostgreSQL refuses them.
        quality={name: float(value) for name, value in sample.quality.items() if math.isfinite(float(value))},
        box=[float(edge) for edge in sample.box],
        confidence=float(sample.confidence),
    )
    row.keep_template(sample.template)
    return row
