"""Passive liveness: models that say of one frame how alive its face is. The rule is in `model`, the kinds
beside it, and `loading` knows where they lie."""
