"""A small server for the run page alone: it sends the frames of a scene, under a test's control."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.locale.languages import LANGUAGES
from app.locale.translations import translations
from app.web import folders, i18n
from app.web.highlight import program_lines
from app.web.static import Static
from tests.browser.scenes import PROGRAM

POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


class PageServer:
    """Serves ``/``; ``publish`` adds encoded frames, ``cut`` drops every connection."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.done = False
        self.state = "running"
        self.position = 0
        self.failure = ""
        self.asked: list[int] = []  # from which sequence number each connection asked
        self.url = ""
        self._cuts = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Condition()
        self._static = Static(folders.folder("static"))
        self._environments = {language: _environment(language) for language in LANGUAGES}
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/api", self._api, methods=["GET", "DELETE"]),
                WebSocketRoute("/stream", self._stream),
                Mount("/static", self._static),
            ]
        )

    # --- a test's controls, from its own thread ------------------------------------------------

    def publish(self, frames: list[bytes], done: bool = False) -> None:
        self._in_loop(self._publish(frames, done))

    def cut(self) -> None:
        self._in_loop(self._cut())

    def clear(self) -> None:
        """Back to a run that has not said anything."""
        self._in_loop(self._cut())
        self.frames, self.done, self.asked = [], False, []
        self.state, self.position, self.failure = "running", 0, ""

    def _in_loop(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _publish(self, frames: list[bytes], done: bool) -> None:
        async with self._news:
            self.frames += frames
            self.done = done
            self._news.notify_all()

    async def _cut(self) -> None:
        async with self._news:
            self._cuts += 1
            self._news.notify_all()

    # --- what a browser asks for ---------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        language = "zh" if request.query_params.get("lang") == "zh" else "en"
        html = self._environments[language].get_template("run.html").render(
            run={
                "id": "test", "scenario": "deadlock", "group": "", "title": "Deadlock: two forks",
                "state": self.state, "failure": self.failure, "recording_failure": "",
                "values": [("fix", "none")], "yours": True,
            },
            program_lines=program_lines(PROGRAM), program_name="dinner.py",
            program_url="/program.py", messages=i18n.script_messages(language),
            api_url="/api", stream_url="/stream",
            pin_url="", export_urls={"json": "/export"}, rerun_url="/scenarios/deadlock",
            known=True, predictions=[], step=None,
            switch_language_url=lambda other: f"/?lang={other}",
            modules=self._static.modules(), url_static=self._static.addresses(),
        )  # fmt: skip
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    async def _api(self, request: Request) -> Response:
        return JSONResponse({"id": "test", "state": self.state, "position": self.position})

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        at = int(socket.query_params["from"])
        self.asked.append(at)
        cuts = self._cuts
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                async with self._news:
                    while at >= len(self.frames) and not self.done and cuts == self._cuts:
                        await self._news.wait()
                    fresh, over = self.frames[at:], self.done
                if cuts != self._cuts:
                    await socket.close(1012)
                    return
                for frame in fresh:
                    await socket.send_bytes(frame)
                at += len(fresh)
                if over and at >= len(self.frames):
                    await socket.close(1000)
                    return


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language), newstyle=True
    )
    environment.globals.update(lang=language, languages=LANGUAGES)
    return environment


@contextlib.contextmanager
def serving() -> Iterator[PageServer]:
    """A PageServer on a free port of the loopback, stopped at the end."""
    page_server = PageServer()
    config = uvicorn.Config(
        page_server.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off",
        ws="websockets-sansio", timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    ready = threading.Event()

    async def main() -> None:
        page_server._loop = asyncio.get_running_loop()
        task = asyncio.create_task(server.serve())
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        page_server.url = f"http://127.0.0.1:{port}"
        ready.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="page-server")
    thread.start()
    try:
        assert ready.wait(30), "the test's server did not start"
        yield page_server
    finally:
        page_server.cut()
        server.should_exit = True
        thread.join(30)
