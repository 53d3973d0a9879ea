"""The people of a client as a session meets them: look-alikes, and the samples it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from auth_service.flows import Sample
from auth_service.models import AuthSession
from clients.choices import ImageRetention, SampleSource
from clients.models import Client, ClientUser, FaceSample
from clients.services import NewSample, record_samples
from common.templates import Embedding, Template, unpack_template
from core.imaging import encode_jpeg

_BATCH = 2048
_Packed = bytes | memoryview | None


@dataclass(frozen=True, slots=True)
class SimilarPerson:
    user_id: int
    similarity: float
    """Cosine in [-1, 1]."""


def find_most_similar_person(
    *, client: Client, embedding: Embedding, contract: str, except_user: ClientUser
) -> SimilarPerson | None:
    """The client's other person whose template is nearest; exact, from the database, in bounded memory."""
    rows = (
        ClientUser.objects.filter(client=client, embedding_contract=contract, cached_embedding__isnull=False)
        .exclude(pk=except_user.pk)
        .values_list("pk", "cached_embedding")
    )
    best: SimilarPerson | None = None
    for batch in _batches(rows.iterator(chunk_size=_BATCH)):
        matrix = np.stack([unpack_template(packed, client_id=client.pk).embedding for _, packed in batch])
        similarities = matrix @ embedding
        top = int(np.argmax(similarities))
        if best is None or similarities[top] > best.similarity:
            best = SimilarPerson(user_id=batch[top][0], similarity=float(similarities[top]))
    return best


def keep_samples(*, session: AuthSession, samples: Sequence[Sample], contract: str, replace: bool) -> None:
    """Store the accepted samples; their pictures only where the client's policy says so."""
    keeps_images = session.client.image_retention != ImageRetention.NONE
    if replace:
        FaceSample.objects.filter(user=session.user, source=SampleSource.ENROLLMENT).delete()
    record_samples(
        user=session.user,
        source=SampleSource.ENROLLMENT,
        session_id=session.pk,
        samples=[
            NewSample(
                template=Template(embedding=sample.embedding, contract=contract),
                quality={
                    "size_px": round(sample.quality.size_px, 1),
                    "sharpness": round(sample.quality.sharpness, 2),
                    "brightness": round(sample.quality.brightness, 2),
                    "yaw": round(sample.pose.yaw, 1),
                    "pitch": round(sample.pose.pitch, 1),
                },
                confidence=sample.quality.confidence,
                jpeg=encode_jpeg(sample.crop) if keeps_images else None,
            )
            for sample in samples
        ],
    )


def _batches(rows: Iterator[tuple[int, _Packed]]) -> Iterator[list[tuple[int, bytes]]]:
    while batch := [(pk, bytes(packed)) for pk, packed in islice(rows, _BATCH) if packed]:
        yield batch
