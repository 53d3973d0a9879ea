"""Receivers that enqueue work when rows change."""
