"""What checks ask of a timeline: which tracks, when, for how long, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

from app.catalogue.claims import NotSeen, Span
from app.catalogue.counting import counted
from app.timeline.model import OPEN, Output, Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: Scheduler witnesses that see every context switch, so that slice boundaries are exact.
EXACT = ("perf", "tracepoints")


#: Pieces of one line of output are at most this far apart.
SAME_LINE_NS = 1_000_000


def exact(timeline: Timeline) -> bool:
    """Whether the kernel reported every context switch of this run."""
    return timeline.run.get("witnesses", {}).get("scheduler") in EXACT


def need_exact(timeline: Timeline) -> None:
    """Raises NotSeen if states were only sampled, so that an absence proves nothing."""
    if not exact(timeline):
        raise NotSeen(
            en="This run's states were sampled, too coarsely to tell.",
            zh="本次运行的状态是采样得到的，精度不足以判断。",
        )


def need_gil(timeline: Timeline) -> None:
    """Raises NotSeen if the program ran on an interpreter without a global lock."""
    if runs_free(timeline):
        name = python_of(timeline)
        raise NotSeen(en=f"{name} has no GIL.", zh=f"{name} 没有 GIL。")


def python_of(timeline: Timeline) -> str:
    """The interpreter that ran the program, by its name and version."""
    return root(timeline).python or str(timeline.run.get("python", "an unknown Python"))


def runs_free(timeline: Timeline) -> bool:
    """Whether the program ran on a CPython without the GIL, by the name of the build."""
    name = python_of(timeline).lower()
    return "free" in name or bool(re.search(r"\d\.\d+t", name))


def root(timeline: Timeline) -> Track:
    """The program's main process. Raises NotSeen when the run has shown no process."""
    if not timeline.of_kind(TrackKind.PROCESS):
        raise NotSeen(en="The run shows no process.", zh="本次运行没有出现任何进程。")
    return timeline.root()


def named(timeline: Timeline, *names: str) -> list[Track]:
    """One track for each name, in the order asked. Raises NotSeen when one is not there."""
    return [_one(timeline, name) for name in names]


def starting(timeline: Timeline, prefix: str, *kinds: TrackKind, least: int = 1) -> list[Track]:
    """Tracks whose name has the prefix, in order of start. Raises NotSeen if too few."""
    found = [
        track
        for track in timeline.of_kind(*(kinds or tuple(TrackKind)))
        if track.name.startswith(prefix)
    ]
    if not found and least:
        raise NotSeen(
            en=f"No track named {prefix}… was seen; this needs at least "
            f"{'one' if least == 1 else least}.",
            zh=f"没有看到名为 {prefix}… 的轨道。",
        )
    if len(found) < least:
        raise NotSeen(
            en=f"Only {counted(len(found), 'track')} named {prefix}… "
            f"{'was' if len(found) == 1 else 'were'} seen; this needs at least {least}.",
            zh=f"至少需要 {least} 条名为 {prefix}… 的轨道，本次运行只出现 {len(found)} 条。",
        )
    return found


def _one(timeline: Timeline, name: str) -> Track:
    found = timeline.named(name)
    if not found:
        raise NotSeen(
            en=f"The run shows no track named {name}.", zh=f"本次运行没有名为 {name} 的轨道。"
        )
    return found[0]


def end_of(timeline: Timeline, track: Track) -> int:
    """When the track ended; the present if it has not."""
    return timeline.now_ns if track.end_ns == OPEN else track.end_ns


def whole(timeline: Timeline, track: Track) -> Span:
    return Span(track.id, track.start_ns, end_of(timeline, track))


def exit_of(timeline: Timeline, track: Track) -> int:
    """When the track stopped executing: the start of its zombie time, or else its end."""
    zombies = timeline.of(track, State.ZOMBIE)
    return zombies[0].start_ns if zombies else end_of(timeline, track)


def clip(rows: Iterable[Slice | Span], start_ns: int, end_ns: int) -> list[Span]:
    """The parts of ``rows`` inside a window; rows outside of it are left out."""
    return [
        Span(row.track, max(row.start_ns, start_ns), min(row.end_ns, end_ns))
        for row in rows
        if row.start_ns < end_ns and row.end_ns > start_ns
    ]


def total(rows: Iterable[Slice | Span]) -> int:
    return sum(row.end_ns - row.start_ns for row in rows)


def computed(timeline: Timeline, *tracks: Track) -> int:
    """The CPU time of the tracks in ns: how long they ran, less what the kernel did not account.

    While the hypervisor uses a CPU, its thread still counts as running but computes nothing.
    """
    found = [(timeline.total_ns(t, State.RUNNING), timeline.stats.get(t.id)) for t in tracks]
    return sum(max(0, ran - ((stats and stats.uncounted_ns) or 0)) for ran, stats in found)


def common(one: Sequence[Slice | Span], other: Sequence[Slice | Span]) -> list[Span]:
    """The parts of ``one`` during which ``other`` also lasts. Both are in order of time."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start = max(one[i].start_ns, other[j].start_ns)
        end = min(one[i].end_ns, other[j].end_ns)
        if start < end:
            found.append(Span(one[i].track, start, end))
        if one[i].end_ns < other[j].end_ns:
            i += 1
        else:
            j += 1
    return found


def start_cost(timeline: Timeline, main: Track, tracks: Sequence[Track]) -> tuple[float, Span]:
    """CPU time of ``main`` per further track, and the span from the first birth to the last."""
    starts = [track.start_ns for track in tracks]
    births = Span(tracks[0].id, min(starts), max(starts))
    running = clip(timeline.of(main, State.RUNNING), births.start_ns, births.end_ns)
    return total(running) / max(1, len(tracks) - 1), births


def pairwise(rows_of: Sequence[Sequence[Slice | Span]]) -> list[Span]:
    """Every stretch during which two of the sequences last at once."""
    return [span for one, other in combinations(rows_of, 2) for span in common(one, other)]


def merged(rows: Iterable[Slice | Span]) -> list[Span]:
    """The stretches in which any of ``rows`` lasts, without overlap, in order of time."""
    found: list[Span] = []
    for row in sorted(rows, key=lambda row: row.start_ns):
        if found and row.start_ns <= found[-1].end_ns:
            found[-1] = found[-1]._replace(end_ns=max(found[-1].end_ns, row.end_ns))
        else:
            found.append(Span(row.track, row.start_ns, row.end_ns))
    return found


def active(timeline: Timeline, track: Track, *, least_ns: int = 0) -> list[Span]:
    """The stretches between two waits, each from its first instant on a CPU to its last.

    Being ready or waiting for the GIL does not end a stretch. Stretches in which the track ran for
    less than ``least_ns`` are left out.
    """
    found: list[Span] = []
    ran = 0
    begun = ended = -1
    for row in [*timeline.of(track), None]:
        if row is not None and row.state is State.RUNNING:
            begun = row.start_ns if begun < 0 else begun
            ended = row.end_ns
            ran += row.end_ns - row.start_ns
        elif row is None or row.state not in (State.READY, State.GIL):
            if begun >= 0 and ran >= least_ns:
                found.append(Span(track.id, begun, ended))
            begun, ran = -1, 0
    return found


def worked(timeline: Timeline, span: Span, from_ns: int, to_ns: int) -> Span | None:
    """The part of ``span`` in which its track's time on CPUs adds up from ``from_ns`` to ``to_ns``.

    None if it ran for less. So the edges, where it may have been kept from the CPU, are left out.
    """
    done, begun = 0, span.start_ns
    running = timeline.of(timeline.tracks[span.track], State.RUNNING)
    for row in clip(running, span.start_ns, span.end_ns):
        if done <= from_ns < done + row.length_ns:
            begun = row.start_ns + from_ns - done
        if done + row.length_ns >= to_ns:
            return Span(span.track, begun, row.start_ns + to_ns - done)
        done += row.length_ns
    return None


def peak(rows: Iterable[Slice | Span]) -> tuple[int, int]:
    """The greatest number of ``rows`` that last at one instant, and that instant."""
    some = [row for row in rows if row.end_ns > row.start_ns]
    steps = sorted([(row.start_ns, 1) for row in some] + [(row.end_ns, -1) for row in some])
    # An end and a start at one instant do not overlap: -1 sorts before 1.
    best = at = now = 0
    for ns, change in steps:
        now += change
        if now > best:
            best, at = now, ns
    return best, at


def said(timeline: Timeline, text: str, track: Track | None = None) -> list[Output]:
    """Lines of output that contain ``text``, in order; with ``track``, of that track only."""
    return [
        line
        for line in lines(timeline)
        if text in line.text and (track is None or line.track == track.id)
    ]


def need_said(timeline: Timeline, text: str, track: Track | None = None) -> Output:
    """The first such line. Raises NotSeen if it was never printed."""
    found = said(timeline, text, track)
    if not found:
        raise NotSeen(en=f"The program never printed “{text}”.", zh=f"程序没有输出“{text}”。")
    return found[0]


def stretches(timeline: Timeline, begin: str, end: str) -> dict[str, Span]:
    """Spans from a line that matches ``begin`` to one that matches ``end``, by their group 1.

    A span is on the track that printed its first line. A line without its counterpart gives none.
    """
    begun: dict[str, Output] = {}
    found: dict[str, Span] = {}
    for line in lines(timeline):
        if match := re.match(begin, line.text):
            begun[match[1]] = line
        elif (match := re.match(end, line.text)) and match[1] in begun:
            first = begun.pop(match[1])
            found[match[1]] = Span(first.track, first.ns, line.ns)
    return found


def lines(timeline: Timeline) -> list[Output]:
    """The program's output cut into lines, each at the time of its first piece.

    print() writes a line's text and its end separately, and threads may write in between. So a
    piece that comes later than ``SAME_LINE_NS`` begins a new line, even if the last has no end.
    """
    found: list[Output] = []
    begun: dict[tuple[int, str], tuple[Output, int]] = {}
    for item in sorted(timeline.output, key=lambda item: item.ns):
        key = (item.track, item.stream)
        for piece in item.text.splitlines(keepends=True):
            before, last_ns = begun.pop(key, (None, 0))
            if before and piece != "\n" and item.ns - last_ns > SAME_LINE_NS:
                found.append(before)
                before = None
            line = (
                before._replace(text=before.text + piece) if before else item._replace(text=piece)
            )
            if line.text.endswith("\n"):
                found.append(line._replace(text=line.text.rstrip("\n")))
            else:
                begun[key] = line, item.ns
    found += [line for line, _ in begun.values()]
    return sorted((line for line in found if line.text), key=lambda line: line.ns)


def duration(ns: float) -> str:
    """A time for a reader: 1.25 s, 12.5 ms, 80 µs. It is the same in every language."""
    if ns >= 1e9:
        return f"{ns / 1e9:.2f} s"
    if ns >= 1e6:
        return f"{ns / 1e6:.1f} ms"
    return f"{ns / 1e3:.0f} µs"


def percent(part: float, whole_: float) -> str:
    return f"{100 * part / whole_ if whole_ else 0:.1f} %"
