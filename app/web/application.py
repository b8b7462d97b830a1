"""The web application, put together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from app import catalogue as catalogue_package
from app.catalogue.loader import Catalogue
from app.doctor.interpreters import Interpreter
from app.runs.launcher import Launcher
from app.runs.runs import Runs
from app.settings import Settings
from app.web import api, compare, interpreters, monitoring, pages, paths, problems, stream
from app.web.hosts import Hosts, own_names
from app.web.security import Security
from app.web.site import Site


def create_app(
    settings: Settings | None = None,
    *,
    launcher: Launcher | None = None,
    catalogue: Catalogue | None = None,
    find_interpreters: Callable[[], Awaitable[list[Interpreter]]] = interpreters.look,
) -> FastAPI:
    """The application; its runs start with its lifespan and are stopped at the end of it.

    ``launcher``, ``catalogue`` and ``find_interpreters`` replace what starts the workers, what can
    be run, and what runs it.
    """
    settings = settings or Settings()
    runs = Runs(settings, launcher)
    known = catalogue_package.load() if catalogue is None else catalogue
    site = Site(settings, runs, known)

    async def look_around() -> None:
        site.interpreters = await find_interpreters()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runs.open()
        looking = asyncio.create_task(look_around())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(runs.close(), asyncio.wait([looking]))

    app = FastAPI(
        title="Timeslice",
        summary="Runs real concurrent Python programs and shows what they do.",
        version=_version(),
        docs_url=None,  # its scripts come from another site, which our policy refuses
        redoc_url=None,
        lifespan=lifespan,
        # A path with one slash more is another address: it gets 404, not a redirect.
        redirect_slashes=False,
    )
    app.state.site = site
    hosts = Hosts([*own_names(settings.host), *settings.hosts])
    app.add_middleware(Security, hosts=hosts, refuse=problems.refused)
    problems.install(app)
    for router in (
        pages.router,
        paths.router,
        compare.router,
        api.router,
        stream.router,
        monitoring.router,
    ):
        app.include_router(router)
    app.mount("/static", site.static, name="static")
    return app


def _version() -> str:
    try:
        return version("timeslice")
    except PackageNotFoundError:
        return "0"
