#!/usr/bin/env python3
"""Measure what the README claims. Writes docs/benchmarks/performance.json and a page beside it.

Every figure is a ratio or a distribution within one run, because machines differ and are noisy.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

REPORT = Path("docs/benchmarks")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=20, help="repetitions of each measurement")
    parser.add_argument("--sockets", type=int, default=20, help="sockets that stream at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long they stream")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the report goes")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "face_app.settings")

    import django  # noqa: PLC0415

    django.setup()

    from benchmarks.report import quote_in_readme, run_benchmarks  # noqa: PLC0415  needs Django set up

    report = run_benchmarks(
        iterations=arguments.iterations, sockets=arguments.sockets, seconds=arguments.seconds
    )
    report.write(arguments.report)
    if arguments.report == REPORT:
        quote_in_readme(Path("README.md"), report.table())
    sys.stdout.write(report.table() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
