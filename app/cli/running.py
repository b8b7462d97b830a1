"""The ``run`` command: checks its arguments, runs what they name, prints and writes the result."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.catalogue import load
from app.cli.configuration import configured
from app.cli.files import check_apart, check_writable, write
from app.cli.headless import Outcome, run
from app.cli.programs import check_utf8, environment, names_a_file, read
from app.cli.text.printable import printable
from app.cli.text.report import report
from app.doctor.interpreters import resolve, whatever
from app.errors import InvalidInput, InvalidParameters
from app.locale.terminal import _, current, error_text
from app.runs.keeper import Keeper
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.settings import Settings
from app.timeline.states import TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import Limits, RunSpec


@dataclass(frozen=True, slots=True)
class RunArguments:
    """The arguments of ``run`` as they were typed. ``what`` is a scenario or a program's file."""

    what: str
    arguments: tuple[str, ...]
    parameters: list[str]
    python: str
    out: Path | None
    json_file: Path | None
    check: bool


def run_command(args: RunArguments) -> int:
    """Run it. Returns the exit status. Raises TimesliceError if the arguments or the run fail."""
    spec = spec_of(args, configured())
    for file in (args.out, args.json_file):
        if file is not None:
            check_writable(file)
            check_apart(file, Path(spec.path) if spec.path else None)
    if args.json_file is not None:
        check_apart(args.json_file, args.out)
    outcome = asyncio.run(_run(spec, args.out))
    timeline = outcome.timeline
    if args.json_file is not None:
        text = json.dumps(timeline.to_json(current()), ensure_ascii=False)
        write(args.json_file, text.encode() + b"\n")
    if args.json_file is None or str(args.json_file) != "-":
        report(timeline, Console())
    status = _status(outcome, args.check)
    return status if status or spec.scenario else program_status(timeline.run.get("exit"))


def spec_of(args: RunArguments, settings: Settings) -> RunSpec:
    """What the worker will run. Raises InvalidInput, which says what is wrong and allowed."""
    if args.what not in load() and names_a_file(args.what):
        return _of_program(args, settings)
    return _of_scenario(args, settings)


def _of_program(args: RunArguments, settings: Settings) -> RunSpec:
    if args.parameters:
        raise InvalidInput(
            "-p sets parameters of scenarios; a program of your own takes its arguments after --."
        )
    if args.check:
        raise InvalidInput(
            "--check asks for the claims of a scenario; a program of your own has none to check."
        )
    given: dict[str, Any] = {}
    if args.python:
        chosen = whatever(args.python)
        given = {"python": chosen.path, "python_name": chosen.name, "probe": chosen.probe}
    for argument in args.arguments:
        check_utf8(argument)
    program = read(args.what, by_choice=bool(args.python))
    return RunSpec(
        run_id=new_id(),
        program=program.text,
        file_name=program.path.name,
        path=str(program.path),
        args=list(args.arguments),
        environment=environment(),  # the same as without us: its author runs it
        witness=settings.witness,
        limits=Limits.of(settings),
        **given,
    )


def _of_scenario(args: RunArguments, settings: Settings) -> RunSpec:
    scenario = load()[args.what]
    if args.arguments:
        raise InvalidInput(
            "A scenario takes no arguments, such as {argument}; its parameters are set with "
            "-p NAME=VALUE.",
            argument=repr(args.arguments[0]),
        )
    params = scenario.validate(assignments(args.parameters), current())
    given = {"python": resolve(args.python)} if args.python else {}
    return RunSpec(
        run_id=new_id(),
        scenario=scenario.slug,
        params=params.model_dump(mode="json"),
        program=scenario.render(params),
        witness=settings.witness,
        limits=Limits.of(settings),
        **given,
    )


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` pairs. Raises InvalidInput for a text without a name or an equals sign,
    InvalidParameters for a name given twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not name:
            raise InvalidInput(
                "A parameter is set with -p NAME=VALUE; {text} has no name and value.",
                text=repr(text),
            )
        if name in values:
            raise InvalidParameters({name: _("It is given twice; give it once.")})
        values[name] = value.strip()
    return values


async def _run(spec: RunSpec, out: Path | None) -> Outcome:
    console = Console(stderr=True)
    launcher = LocalLauncher(keeper=Keeper.of_this_process())
    if not console.is_terminal:
        return await run(launcher, spec, out)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
        console=console,
        transient=True,
    ) as progress:
        wall_ns = round(spec.limits.wall_s * 1e9)
        # The bar runs towards the limit of running time: no other end is known beforehand.
        bar = progress.add_task(spec.scenario or spec.file_name, total=wall_ns, counts="")

        def show(timeline: Timeline) -> None:
            progress.update(bar, completed=timeline.now_ns, counts=_counts(timeline))

        return await run(launcher, spec, out, show)


def _counts(timeline: Timeline) -> str:
    kinds = [track.kind for track in timeline.tracks.values()]
    return _("processes {processes} · threads {threads} · coroutines {coroutines}").format(
        processes=kinds.count(TrackKind.PROCESS),
        threads=kinds.count(TrackKind.THREAD),
        coroutines=kinds.count(TrackKind.COROUTINE),
    )


def program_status(end: Mapping[str, Any] | None) -> int:
    """The exit status for how a program ended, as in a shell's ``$?``."""
    end = end or {}
    if end.get("signal"):
        number = getattr(signal.Signals, str(end["signal"]), 0)
        return 128 + int(number)
    code = end.get("code")
    return code if isinstance(code, int) else 1


def _status(outcome: Outcome, check: bool) -> int:
    if outcome.recording_failure is not None:
        sentence = printable(error_text(outcome.recording_failure))
        print(f"timeslice: {sentence}", file=sys.stderr)  # noqa: T201
        return 1
    if outcome.interrupted:
        return 128 + outcome.interrupted
    if not check:
        return 0
    claims = outcome.timeline.claims.values()
    failed = [claim["id"] for claim in claims if claim["verdict"] == "fails"]
    if not claims or failed:
        sentence = (
            _("These claims fail: {names}.").format(names=", ".join(failed))
            if failed
            else _("No claim was checked on this run.")
        )
        print(f"timeslice: {sentence}", file=sys.stderr)  # noqa: T201
        return 1
    return 0
