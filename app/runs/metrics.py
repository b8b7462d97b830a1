"""What the server counts about its runs, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: In seconds, around the target of 25–120 ms from the kernel's timestamp to the page.
_AGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.5, 1.0, 5.0)


class Metrics:
    """A registry of its own, so that two applications in one process don't mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.runs = Gauge("timeslice_runs", "Runs by state.", ["state"], registry=self.registry)
        self.started = Counter(
            "timeslice_runs_started", "Runs that were started.", registry=self.registry
        )
        self.frames = Counter(
            "timeslice_frames", "Frames that workers sent.", registry=self.registry
        )
        self.bytes = Counter(
            "timeslice_frame_bytes", "Bytes of frames that workers sent.", registry=self.registry
        )
        self.sent = Counter(
            "timeslice_frames_sent", "Frames sent to viewers.", registry=self.registry
        )
        self.viewers = Gauge(
            "timeslice_viewers", "Open streams to viewers.", registry=self.registry
        )
        self.snapshots = Counter(
            "timeslice_snapshots",
            "Snapshots made for viewers that had fallen behind.",
            registry=self.registry,
        )
        self.recordings_failed = Counter(
            "timeslice_recordings_failed",
            "Runs that could not be recorded to their end.",
            registry=self.registry,
        )
        self.age = Histogram(
            "timeslice_frame_age_seconds",
            "From the time a frame speaks for to its arrival at the server.",
            buckets=_AGES,
            registry=self.registry,
        )
