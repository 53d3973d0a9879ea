"""The README's figures are the report's."""

from pathlib import Path

from django.conf import settings

from benchmarks.report import BEGIN, END, quote_in_readme, read_table

ROOT = Path(settings.BASE_DIR)
REPORT = ROOT / "docs" / "benchmarks" / "performance.json"


def quoted(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def test_the_readme_quotes_the_report() -> None:
    assert quoted((ROOT / "README.md").read_text()) == read_table(REPORT)


def test_quoting_replaces_what_stood_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    quote_in_readme(readme, "new")
    assert readme.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
