"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
FILE = re.compile(r"`([a-z_]+(?:/[\w.-]+)+\.(?:py|md|js|txt|sh))`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_every_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    links = {page.parent / target for target in LINK.findall(text)}
    named = {ROOT / name for name in FILE.findall(text)}
    assert [str(path) for path in sorted(links | named) if not path.exists()] == []
