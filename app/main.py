"""The web application, put together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from app import catalogue as catalogue_package
from app.catalogue.loader import Catalogue
from app.doctor.interpreters import Interpreter
from app.runs.launcher import Launcher
from app.runs.runs import Runs
from app.settings import Settings
from app.web import api, compare, interpreters, operations, pages, paths, problems, stream
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
        docs_url=None,  # their scripts come from elsewhere, which our policy refuses
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(_own_origin)],
        # A path that differs by a slash is another address: it is answered, not redirected.
        redirect_slashes=False,
    )
    app.state.site = site
    app.add_middleware(Security)
    problems.install(app)
    for router in (
        pages.router,
        paths.router,
        compare.router,
        api.router,
        stream.router,
        operations.router,
    ):
        app.include_router(router)
    app.mount("/static", site.static, name="static")
    return app


async def _own_origin(connection: HTTPConnection) -> None:
    if connection.scope.get("foreign_origin"):
        raise problems.ForeignOrigin(
            "This request comes from a page of another site, and is refused."
        )


def _version() -> str:
    try:
        return version("timeslice")
    except PackageNotFoundError:
        return "0"
