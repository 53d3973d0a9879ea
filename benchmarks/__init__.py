"""Measurements behind the README's figures; run by benchmark_performance.py."""
