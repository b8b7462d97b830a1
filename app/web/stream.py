"""The websocket on which a page follows a run."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from app.errors import BadRecording, InvalidInput, NotFound, TimesliceError, TooManyViewers
from app.runs.run import Run
from app.runs.runs import Runs
from app.web import i18n
from app.web.dependencies import CurrentLanguage, CurrentSite
from app.web.visitors import address_of

_log = logging.getLogger(__name__)
router = APIRouter()

#: Close codes of our own (RFC 6455, section 7.4.2: 4000–4999 are the application's).
BAD_REQUEST, UNKNOWN_RUN, DAMAGED, TOO_MANY = 4400, 4404, 4409, 4429
_LAST_SEQ = 0xFFFF_FFFF


@router.websocket("/api/runs/{run_id}/stream")
async def stream(
    websocket: WebSocket, run_id: str, site: CurrentSite, language: CurrentLanguage
) -> None:
    """Binary messages, one frame each, from ``?from=`` on, then live; 1000 when all were sent."""
    try:
        await websocket.accept()
    except OSError:
        return  # the viewer is gone
    try:
        run = await site.runs.find(run_id)
        from_seq = _number(websocket.query_params.get("from", "0"))
        with site.audience.seat(address_of(websocket)):
            await _follow(websocket, site.runs, run, from_seq, language)
    except NotFound as error:
        await _close(websocket, UNKNOWN_RUN, _short(error, language))
    except TooManyViewers as error:
        await _close(websocket, TOO_MANY, _short(error, language))
    except InvalidInput as error:
        await _close(websocket, BAD_REQUEST, _short(error, language))


async def _follow(websocket: WebSocket, runs: Runs, run: Run, from_seq: int, language: str) -> None:
    """Send until the run is over or the viewer is gone, whichever comes first."""
    sending = asyncio.create_task(_send(websocket, runs, run, from_seq, language))
    listening = asyncio.create_task(_listen(websocket))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        listening.cancel()
        results = await asyncio.gather(sending, listening, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _send(websocket: WebSocket, runs: Runs, run: Run, from_seq: int, language: str) -> None:
    try:
        async with contextlib.aclosing(runs.stream(run, from_seq)) as frames:
            async for frame in frames:
                try:
                    await websocket.send_bytes(frame)
                except RuntimeError:
                    return  # the protocol has closed it: the viewer sent what it may not
                runs.metrics.sent.inc()
    except BadRecording as error:
        _log.error("%s", error)
        await _close(websocket, DAMAGED, _short(error, language))
        return
    await _close(websocket, 1000)


async def _close(websocket: WebSocket, code: int, reason: str = "") -> None:
    """Close it, if neither the viewer (WebSocketDisconnect) nor the protocol (RuntimeError) did."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(code, reason)


async def _listen(websocket: WebSocket) -> None:
    """Return when the viewer leaves; nothing else is expected of it."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:11]) <= _LAST_SEQ):
        raise InvalidInput("from must be a whole number from 0 to {most}.", most=_LAST_SEQ)
    return int(text)


def _short(error: TimesliceError, language: str) -> str:
    """The sentence in the reader's language; a close reason has at most 123 bytes (RFC 6455,
    section 5.5)."""
    text = i18n.error_text(error, language)
    return text.encode("utf-8", "replace")[:120].decode(errors="ignore")
