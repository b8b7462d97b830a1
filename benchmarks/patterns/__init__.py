"""Made-up runs of any length, one for each thing that grows: ``PATTERNS`` by name."""

from __future__ import annotations

from benchmarks.patterns import coroutines, kernel, locks, outputs, queues
from benchmarks.patterns.tape import Pattern

PATTERNS: dict[str, Pattern] = {
    name: pattern
    for module in (queues, locks, coroutines, kernel, outputs)
    for name, pattern in module.PATTERNS.items()
}
