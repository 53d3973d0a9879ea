#!/usr/bin/env python3
"""Facegate's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "face_app.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        # A wrong setting is the operator's to mend: the sentence that names it, not where we noticed.
        sys.exit(f"Wrong setting: {error}")


if __name__ == "__main__":
    main()
