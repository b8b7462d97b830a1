"""The ``run`` command: checks its arguments, runs the scenario, prints and writes what it did."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.catalogue import load
from app.configuration import configured
from app.doctor.interpreters import resolve
from app.errors import InvalidInput, InvalidParameters
from app.files import check_writable, write
from app.headless import Outcome, run
from app.runs.launcher import LocalLauncher
from app.runs.run import new_id
from app.settings import Settings
from app.text.language import _, current, error_text
from app.text.report import report
from app.timeline.states import TrackKind
from app.timeline.timeline import Timeline
from app.worker.spec import Limits, RunSpec


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments of ``run`` as they were typed."""

    slug: str
    parameters: list[str]
    python: str
    out: Path | None
    json_file: Path | None
    check: bool


def carry_out(order: Order) -> int:
    """Run it; the exit status. Raises TimesliceError when the arguments or the run are at fault."""
    spec = spec_of(order, configured())
    if order.json_file is not None:
        check_writable(order.json_file)
    outcome = asyncio.run(_run(spec, order.out))
    timeline = outcome.timeline
    if order.json_file is not None:
        text = json.dumps(timeline.to_json(current()), ensure_ascii=False)
        write(order.json_file, text.encode() + b"\n")
    if order.json_file is None or str(order.json_file) != "-":
        report(timeline, Console())
    return _status(outcome, order.check)


def spec_of(order: Order, settings: Settings) -> RunSpec:
    """What the worker is asked to run. Raises InvalidInput naming what is wrong and allowed."""
    scenario = load()[order.slug]
    params = scenario.validate(assignments(order.parameters), current())
    given = {"python": resolve(order.python)} if order.python else {}
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
    """``NAME=VALUE`` pairs. Raises InvalidInput for a text without a name or a sign of equality,
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
    if not console.is_terminal:
        return await run(LocalLauncher(), spec, out)
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
        # The bar runs towards the wall limit: the one end that is known beforehand.
        bar = progress.add_task(spec.scenario or spec.file_name, total=wall_ns, counts="")

        def show(timeline: Timeline) -> None:
            progress.update(bar, completed=timeline.now_ns, counts=_counts(timeline))

        return await run(LocalLauncher(), spec, out, show)


def _counts(timeline: Timeline) -> str:
    kinds = [track.kind for track in timeline.tracks.values()]
    return _("processes {processes} · threads {threads} · coroutines {coroutines}").format(
        processes=kinds.count(TrackKind.PROCESS),
        threads=kinds.count(TrackKind.THREAD),
        coroutines=kinds.count(TrackKind.COROUTINE),
    )


def _status(outcome: Outcome, check: bool) -> int:
    if outcome.recording_failure is not None:
        print(f"timeslice: {error_text(outcome.recording_failure)}", file=sys.stderr)  # noqa: T201
        return 1
    if outcome.interrupted:
        return 130
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
