"""Composition root: settings, addresses, processes. Imported by nobody below."""

from face_app.celery import app as celery_app

__all__ = ["celery_app"]
