"""The settings page, the example environment and the code name the same variables."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
IN_CODE = re.compile(r'env\.[a-z]+\(\s*"([A-Z_]+)"')
COMPOSE_ONLY = {"POSTGRES_PASSWORD"}


def read_by_code() -> set[str]:
    sources = [*ROOT.joinpath("face_app").glob("*.py")]
    return {name for source in sources for name in IN_CODE.findall(source.read_text())}


def test_every_variable_the_code_reads_is_documented_and_none_else() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", ROOT.joinpath("docs/settings.md").read_text(), re.M))
    assert documented == read_by_code()


def test_the_example_environment_lists_every_variable_and_none_else() -> None:
    listed = set(re.findall(r"^#?([A-Z_]+)=", ROOT.joinpath(".env.example").read_text(), re.M))
    assert listed - COMPOSE_ONLY == read_by_code()
