"""A server as ``timeslice serve`` is, but for the programs that its scenario runs."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from app.cli.server import listening_socket
from app.runs.keeper import Keeper
from app.runs.launcher import LocalLauncher, RunningWorker
from app.settings import Settings
from app.web.application import create_app
from app.worker.spec import RunSpec
from benchmarks.kill_storm.programs import PROGRAMS

SCENARIO = "deadlock"
#: Which program is run is told by a parameter that means something else to the scenario.
MEALS = {name: 90 + place for place, name in enumerate(PROGRAMS)}


class _Launcher(LocalLauncher):
    async def start(self, spec: RunSpec) -> RunningWorker:
        (name,) = [name for name, meals in MEALS.items() if meals == spec.params["meals"]]
        program = PROGRAMS[name]
        return await super().start(spec.model_copy(update={"program": program, "scenario": None}))


def main() -> None:
    settings = Settings(data_dir=Path(sys.argv[1]), port=0, runs_per_visitor=64, runs_at_once=64)
    with listening_socket(settings.host, settings.port) as bound:
        app = create_app(settings, launcher=_Launcher(keeper=Keeper.of_this_process()))
        print(bound.getsockname()[1], flush=True)
        config = uvicorn.Config(app, log_level="warning", loop="asyncio")
        uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main()
