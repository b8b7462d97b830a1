"""Prints a whole timeline to a terminal: lanes, legend, states, output, findings, claims."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from rich.cells import set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app import errors
from app.cli.text import sentences
from app.cli.text.lanes import GLYPHS, SLEEPING, glyph, lanes, ordered
from app.cli.text.names import seconds
from app.cli.text.printable import printable
from app.locale.languages import LANGUAGES
from app.locale.terminal import _, current, in_own_words
from app.timeline.model import Track
from app.timeline.states import State
from app.timeline.timeline import Timeline

#: At most this many rows are printed; the JSON has all of them.
MOST_ROWS = 60
NAME_WIDTH = 26
#: From this many columns on, the table of states has room for kernel thread ids.
WIDE = 100

VERDICT_STYLES = {"holds": "green", "fails": "bold red", "not-seen": "dim"}


def report(timeline: Timeline, console: Console) -> None:
    """Print everything about a run, the most important first."""
    _heading(timeline, console)
    _lanes(timeline, console)
    _states(timeline, console)
    _output(timeline, console)
    _findings(timeline, console)
    _claims(timeline, console)


def _state_words() -> dict[State, str]:
    return {
        State.UNKNOWN: _("unknown: no witness saw it"),
        State.NEW: _("new"),
        State.READY: _("ready"),
        State.RUNNING: _("running"),
        State.BLOCKED: _("blocked"),
        State.GIL: _("wants the GIL"),
        State.STOPPED: _("stopped"),
        State.ZOMBIE: _("zombie"),
        State.AWAITING: _("awaiting"),
    }


def _heading(timeline: Timeline, console: Console) -> None:
    run = timeline.run
    witnesses = run.get("witnesses", {})
    name = printable(str(run.get("scenario") or run.get("file_name") or run.get("id", "")))
    console.print(
        _("{name} on {python}, {duration}; scheduler witness: {witness}, probe: {probe}").format(
            name=name,
            python=printable(str(run.get("python", "?"))),
            duration=seconds(run.get("duration_ns", timeline.now_ns)),
            witness=witnesses.get("scheduler", "none"),
            probe=_("yes") if witnesses.get("probe") else _("no"),
        ),
        style="bold",
        markup=False,
        highlight=False,
    )
    if witnesses.get("why"):
        reasons = errors.sentences(witnesses.get("why_told", []))
        space = LANGUAGES[current()].space
        words = printable(space.join(map(in_own_words, reasons)) or str(witnesses["why"]))
        console.print(words, style="yellow", markup=False)
    if timeline.dropped:
        since = timeline.run.get("dropped_since_ns")
        if since is None:
            words = _("{count} records were lost: the picture has gaps, shown as unknown.")
        else:
            words = _("{count} records were lost from {since} s on: gaps are shown as unknown.")
        told = words.format(count=timeline.dropped, since=f"{(since or 0) / 1e9:.2f}")
        console.print(told, style="yellow", highlight=False)


def _lanes(timeline: Timeline, console: Console) -> None:
    width = max(20, console.width - NAME_WIDTH - 2)
    rows = lanes(timeline, width)
    console.print()
    for lane in rows[:MOST_ROWS]:
        # Counted in cells: a Chinese character takes two.
        label = set_cell_size("  " * lane.depth + printable(lane.track.name), NAME_WIDTH - 1)
        line = Text(label + " ", no_wrap=True, overflow="crop")
        for (sign, style), run in groupby(lane.cells):
            line.append(sign * len(list(run)), style=style)
        console.print(line)
    if len(rows) > MOST_ROWS:
        console.print(
            _("… and {count} more tracks; --json has them all.").format(count=len(rows) - MOST_ROWS)
        )
    _axis(timeline, console, width)
    _legend(timeline, console, width)


def _axis(timeline: Timeline, console: Console, width: int) -> None:
    end = seconds(timeline.now_ns)
    console.print(" " * NAME_WIDTH + "0" + end.rjust(width - 1), style="dim", highlight=False)


def _legend(timeline: Timeline, console: Console, width: int) -> None:
    seen = {glyph(row): row.state for track in timeline.tracks.values()
            for row in timeline.of(track)}  # fmt: skip
    words = _state_words()
    line = Text()
    for state, look in [*GLYPHS.items(), (State.BLOCKED, SLEEPING)]:
        if look not in seen or state not in words:
            continue
        word = _("sleeping") if look == SLEEPING else words[state]
        line.append(look[0], style=look[1]).append(f" {word}   ")
    if line:
        console.print(line)
    step = seconds(timeline.now_ns // width)
    console.print(
        _("A character is {step} and shows the state that took most of it.").format(step=step),
        style="dim",
        highlight=False,
    )


def _states(timeline: Timeline, console: Console) -> None:
    table = Table(title=_("States"), title_justify="left", box=None, pad_edge=False)
    table.add_column(_("track"), no_wrap=True, overflow="ellipsis", max_width=NAME_WIDTH - 4)
    rows = ordered(timeline)[:MOST_ROWS]
    columns = {
        _("tid"): [str(track.tid) if track.tid else "" for track, _depth in rows],
        **_totals(timeline, [track for track, _depth in rows]),
    }
    if console.width < WIDE:
        del columns[_("tid")]
    # A column that is empty for every track is left out.
    shown = {title: cells for title, cells in columns.items() if any(cells)}
    for title in shown:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(_("how it ended"), min_width=10, overflow="fold")
    for number, (track, depth) in enumerate(rows):
        table.add_row(
            escape("  " * depth + printable(track.name)),
            *(cells[number] for cells in shown.values()),
            escape(printable(sentences.ending(track, timeline))),
        )
    console.print()
    console.print(table, highlight=False)
    console.print(_("Switches are voluntary + involuntary; times are those seen."), style="dim")
    for sentence in _taken(timeline, list(shown)):
        console.print(sentence, style="dim", highlight=False)


def _totals(timeline: Timeline, tracks: list[Track]) -> dict[str, list[str]]:
    """Columns by title: time in each state, and the switches of tracks that the kernel knows."""
    states = {
        _("running"): (State.RUNNING,),
        _("ready"): (State.READY,),
        _("waiting"): (State.BLOCKED, State.AWAITING),
        _("wants GIL"): (State.GIL,),
    }
    columns = {title: [_total(timeline, track, some) for track in tracks]
               for title, some in states.items()}  # fmt: skip
    columns[_("not on a CPU")] = [
        seconds(ns)
        if (stats := timeline.stats.get(track.id)) and (ns := stats.uncounted_ns)
        else ""
        for track in tracks
    ]
    columns[_("switches")] = [
        f"{stats.voluntary} + {stats.involuntary}"
        if track.tid and (stats := timeline.stats.get(track.id))
        else ""
        for track in tracks
    ]
    return columns


def _taken(timeline: Timeline, titles: list[str]) -> list[str]:
    """CPU time that the hypervisor and interrupts took, which is not in the picture."""
    said = []
    if _("not on a CPU") in titles:
        said.append(
            _(
                "“Not on a CPU” is time that counts as running by the switches, "
                "but not by the kernel's account."
            )
        )
    by_cpu: dict[int, int] = {}
    for item in timeline.stolen:
        by_cpu[item.cpu] = by_cpu.get(item.cpu, 0) + item.stolen_ns
    if by_cpu:
        cpus = ", ".join(f"CPU {cpu}: {seconds(by_cpu[cpu])}" for cpu in sorted(by_cpu))
        said.append(
            _("The hypervisor took CPUs away while the run lasted ({cpus}).").format(cpus=cpus)
        )
    return said


def _total(timeline: Timeline, track: Track, states: tuple[State, ...]) -> str:
    ns = timeline.total_ns(track, *states)
    return seconds(ns) if ns else ""


def _output(timeline: Timeline, console: Console) -> None:
    text = timeline.text_of()
    if not text:
        return
    _title(console, _("Output"))
    console.print(Text(printable(text.rstrip("\n"), keep="\n\t")))


def _findings(timeline: Timeline, console: Console) -> None:
    if not timeline.findings:
        return
    _title(console, _("Findings"))
    for item in timeline.findings.values():
        console.print(Text(printable(sentences.finding(item, timeline)), style="bold"))


def _claims(timeline: Timeline, console: Console) -> None:
    if not timeline.claims:
        return
    verdicts: dict[str, Callable[[], str]] = {
        "holds": lambda: _("holds"),
        "fails": lambda: _("fails"),
        "not-seen": lambda: _("not seen"),
    }
    _title(console, _("Claims"))
    language = current()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for claim in timeline.claims.values():
        verdict = claim["verdict"]
        text, why = (
            printable(claim[key].get(language, claim[key]["en"])) for key in ("text", "why")
        )
        body = Text(text).append("\n").append(why, style="dim")
        table.add_row(Text(verdicts[verdict](), style=VERDICT_STYLES[verdict]), body)
    console.print(table, highlight=False)


def _title(console: Console, title: str) -> None:
    console.print()
    console.print(title, style="bold")
