"""A battery that anyone can make: virtual people and the attacks on them, recorded as sessions are.

The people come from photos that installed packages carry (`auth_service.demo`).
"""
