"""Fusion: what the witnesses say, made into one true timeline. Pure; imports only ``timeline``."""

from app.fusion.facts import RunFacts
from app.fusion.fusion import Fusion

__all__ = ["Fusion", "RunFacts"]
