"""A release page on this machine: a real HTTP server that tests fill, delay and cut short."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from core.engine.catalog import OFFICIAL_PACKS, OfficialPack
from core.engine.passive.catalog import PASSIVE_RELEASES, PassiveRelease

PACK = "buffalo_sc"
PACK_FILES = {"det_500m.onnx": b"detector" * 4000, "w600k_mbf.onnx": b"recogniser" * 4000}


@dataclass
class Release:
    """``/moved/x`` leads to ``/x``; whatever is not in ``files`` is not found."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """Content by path, which begins with a slash."""
    requests: list[str] = field(default_factory=list)
    cut_at: int | None = None
    """Send only so many bytes of what was announced."""
    hold: threading.Event | None = None
    """Wait for it between the head and the body."""


@contextmanager
def serve_release() -> Iterator[Release]:
    release = Release()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            release.requests.append(self.path)
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.end_headers()
                return
            body = release.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if release.hold is not None:
                release.hold.wait(10)
            self.wfile.write(body[: release.cut_at])

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    release.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield release
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return stream.getvalue()


def pack_of(data: bytes | None) -> OfficialPack:
    """The official pack as if its publisher had released ``data``; None: nobody states a digest."""
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    return replace(OFFICIAL_PACKS[PACK], archive_sha256=digest)


def passive_of(name: str, contents: dict[str, bytes]) -> PassiveRelease:
    """The passive models as if their publisher had released ``contents``, by installed name."""
    official = PASSIVE_RELEASES[name]
    files = tuple(
        replace(
            file,
            sha256=hashlib.sha256(contents[file.name]).hexdigest(),
            size_bytes=len(contents[file.name]),
        )
        for file in official.files
    )
    return replace(official, files=files)


def leftovers(models_dir: Path) -> list[str]:
    """What an installation put there, its lock apart."""
    if not models_dir.exists():
        return []
    return sorted(path.name for path in models_dir.iterdir() if not path.name.endswith(".lock"))
