"""The cast of every test: one client, a stranger that must never get in, their keys, people and photos."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from celery.signals import before_task_publish
from django.core.cache import cache
from PIL import Image

from clients.choices import Scope
from clients.models import Client, ClientUser
from clients.services import create_api_key, create_client, create_user
from common.templates import Template

CONTRACT = "test-contract:0000:128"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A database file of this run alone: two runs at once must not meet in one, and threads need a file."""
    from django.db import connections

    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def queue_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded broker's folder: messages of tests never reach the queue of a real installation."""
    from face_app import folder_queue
    from face_app.celery import app

    folder = tmp_path_factory.mktemp("queue")
    folder_queue.configure(app, folder)
    return folder


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Path) -> Path:
    """Where photos and samples of this test lie."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """A slow hash is the point of one, except a thousand times in a test run."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def sent_jobs() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Messages that went to the broker in this test, as (task name, arguments), in order."""
    sent: list[tuple[str, dict[str, Any]]] = []

    def note(sender: str, body: Any, **_: Any) -> None:
        sent.append((sender, body[1]))

    before_task_publish.connect(note, weak=False)
    yield sent
    before_task_publish.disconnect(note)


class ClientFactory(Protocol):
    def __call__(self, name: str = ..., **policy: Any) -> Client: ...


@pytest.fixture
def client_factory(db: None) -> ClientFactory:
    def make(name: str = "Acme", **policy: Any) -> Client:
        return create_client(name=name, **policy)

    return make


@pytest.fixture
def tenant(client_factory: ClientFactory) -> Client:
    """The client whose data a test is about."""
    return client_factory("Acme")


@pytest.fixture
def stranger(client_factory: ClientFactory) -> Client:
    """Another client of the same server, who must never see anything of `tenant`."""
    return client_factory("Stranger")


@pytest.fixture
def token_factory(db: None) -> Callable[..., str]:
    made = 0

    def make(client: Client, *, scopes: list[str] | None = None, **columns: Any) -> str:
        nonlocal made
        made += 1
        chosen = list(Scope.values) if scopes is None else scopes
        return create_api_key(client=client, name=f"test key {made}", scopes=chosen, **columns)[1]

    return make


@pytest.fixture
def api_factory(token_factory: Callable[..., str]) -> Callable[..., Any]:
    """``api_factory(client, scopes=[...])``: a DRF `APIClient` that sends a key of that client."""
    from rest_framework.test import APIClient

    def make(client: Client, **key: Any) -> APIClient:
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token_factory(client, **key)}")
        return api

    return make


@pytest.fixture
def api(api_factory: Callable[..., Any], tenant: Client) -> Any:
    """The REST API as `tenant` with every scope."""
    return api_factory(tenant)


@pytest.fixture
def stranger_api(api_factory: Callable[..., Any], stranger: Client) -> Any:
    return api_factory(stranger)


@pytest.fixture
def user(tenant: Client) -> ClientUser:
    return create_user(client=tenant, external_user_id="alice", name="Alice Adams", region="north")


@pytest.fixture
def make_template() -> Callable[..., Template]:
    """A reproducible unit vector under a contract; the same seed gives the same vector."""

    def make(seed: int = 0, *, dimension: int = 128, contract: str = CONTRACT) -> Template:
        vector = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
        return Template(embedding=vector / np.linalg.norm(vector), contract=contract)

    return make


@pytest.fixture
def make_photo() -> Callable[..., bytes]:
    """An encoded picture without a face in it: ``make_photo("PNG", size=(40, 30), exif=...)``."""

    def make(
        kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any
    ) -> bytes:
        pixels = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        target = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(target, kind, **options)
        return target.getvalue()

    return make
