"""The doctor's findings as text."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.doctor.examination import Examination
from app.doctor.interpreters import Interpreter
from app.errors import sentences
from app.locale.terminal import _, in_own_words


def show(examination: Examination, console: Console) -> None:
    """Print it; the witnesses come first, as they decide how true the picture is."""
    _title(console, _("Witnesses"))
    for witness in examination.witnesses:
        mark, style = ("✓", "green") if witness.ok else ("✗", "red")
        line = Text(f"  {mark} ", style=style).append(witness.name, style="bold")
        for sentence in sentences(witness.told):
            line.append(f"  {in_own_words(sentence)}", style="not bold default")
        console.print(line)
    _title(console, _("Kernel"))
    console.print(_facts(examination))
    _title(console, _("Interpreters that programs may run on"))
    table = Table(box=None, show_header=False, pad_edge=False)
    for item in examination.interpreters:
        table.add_row(
            Text("  ✓" if item.probe else "  ✗", style="green" if item.probe else "red"),
            item.name,
            _lock(item),
            Text(_telling(item)).append(f"\n{item.path}", style="dim"),
        )
    console.print(table, highlight=False)
    _title(console, _("Message brokers, for the scenario that uses them"))
    for broker in examination.brokers:
        mark, style = ("✓", "green") if broker.ok else ("·", "dim")
        line = Text(f"  {mark} ", style=style).append(broker.name, style="bold")
        console.print(line.append(f"  {broker.sentence}", style="not bold default"))


def _facts(examination: Examination) -> Table:
    kernel, sandbox = examination.kernel, examination.sandbox
    yes_no = {True: _("yes"), False: _("no")}
    unknown = _("not known")
    rows = [
        (_("kernel release"), kernel.release),
        (_("CPUs this process may use"), str(kernel.cpus)),
        ("perf_event_paranoid", _told(kernel.perf_event_paranoid, unknown)),
        ("perf_event_mlock_kb", _told(kernel.perf_event_mlock_kb, unknown)),
        (_("useful capabilities"), ", ".join(kernel.capabilities) or _("none")),
        ("seccomp", kernel.seccomp or unknown),
        (_("tracefs is readable"), yes_no[kernel.tracefs]),
        (_("sandbox"), ", ".join(_(measure) for measure in sandbox.measures)),
        (_("cgroup of a run"), ", ".join(sandbox.cgroup) or _("none")),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(f"  {name}", Text(value))
    return table


def _told(value: int | None, unknown: str) -> str:
    return unknown if value is None else str(value)


def _lock(item: Interpreter) -> str:
    return _("with the GIL") if item.gil else _("without the GIL")


def _telling(item: Interpreter) -> str:
    """What a run on this interpreter can show."""
    if item.probe:
        return _("states, objects and holders, lines, coroutines")
    return _("only the kernel's states: {why}").format(why=_(item.why))


def _title(console: Console, title: str) -> None:
    console.print(title, style="bold")
