"""Errors at the edge: problem details (RFC 9457) for the API, a readable page for a browser."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from app import errors
from app.web import i18n
from app.web.i18n import N_
from app.web.security import HEADERS
from app.web.site import site_of

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[errors.TimesliceError], int] = {
    errors.UnknownScenario: 404,
    errors.NotFound: 404,
    errors.TooManyRuns: 429,
    errors.TooManyViewers: 429,
    errors.ForeignHost: 421,
    errors.Refused: 403,
    errors.InvalidInput: 422,
    errors.WorkerFailed: 503,
    errors.BadRecording: 409,
    errors.RecordingFailed: 503,
}


_SENTENCES = {
    400: N_("The request's body can't be read."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not accept this kind of request."),
    413: N_("The request's body is too large: at most 64 KiB are accepted."),
}


class Problem(BaseModel):
    """RFC 9457. ``fields``: a sentence for each parameter that is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    fields: dict[str, str] | None = Field(None)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these error statuses."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document without the 422 that FastAPI adds and our own handler replaces."""
    document: dict[str, Any] = FastAPI.openapi(app)
    for path in document["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            if "HTTPValidationError" in str(answers.get("422", "")):
                del answers["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.TimesliceError, _timeslice_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _our_fault)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]


def status_of(error: errors.TimesliceError) -> int:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def refused(connection: HTTPConnection, error: Exception) -> Response:
    """The answer to a request, or a websocket's handshake, that is refused before any route."""
    if isinstance(error, errors.TimesliceError):
        status = status_of(error)
        sentence = i18n.error_text(error, _language(connection))
    else:
        assert isinstance(error, HTTPException)
        status = error.status_code
        sentence = i18n.gettext(_SENTENCES[status], _language(connection))
    return answer(connection, status, sentence)


async def _timeslice_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TimesliceError)
    status = status_of(error)
    if status >= 500:
        _log.error("%s %r: %s", request.method, request.scope["path"], error)
    sentence = i18n.error_text(error, _language(request))
    fields = error.fields if isinstance(error, errors.InvalidParameters) else None
    return answer(request, status, sentence, fields)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.status_code, N_("The request can't be answered."))
    translated = i18n.gettext(sentence, _language(request))
    return answer(request, error.status_code, translated, headers=dict(error.headers or {}))


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    broken = next((item for item in error.errors() if item["type"] == "json_invalid"), None)
    if broken is not None:
        text = i18n.gettext(
            N_("The body is no JSON: the mistake is at character {place} ({why})."),
            _language(request),
        )
        why = broken.get("ctx", {}).get("error", broken["msg"])
        return answer(request, 422, text.format(place=broken["loc"][-1], why=why))
    fields = {
        ".".join(str(part) for part in item["loc"] if part not in ("body", "query")) or "body": str(
            item["msg"]
        )
        for item in error.errors()
    }
    language = _language(request)
    sentence = i18n.gettext(N_("This address does not accept the request:"), language)
    told = "; ".join(f"{name}: {why}" for name, why in fields.items())
    return answer(request, 422, f"{sentence} {told}", fields)


async def _our_fault(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer, so that the server logs the traceback.
    sentence = N_("Something went wrong on our side. The error has been logged.")
    response = answer(request, 500, i18n.gettext(sentence, _language(request)))
    # This answer does not pass through our middleware.
    response.headers.update(HEADERS)
    return response


def answer(
    request: HTTPConnection,
    status: int,
    sentence: str,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The error as JSON or as a page, depending on the address."""
    sentence = _encodable(sentence)
    fields = fields and {_encodable(name): _encodable(why) for name, why in fields.items()}
    path = request.scope["path"]
    if path.startswith("/api/") or path in ("/healthz", "/metrics"):
        problem = Problem(
            title=HTTPStatus(status).phrase,
            status=status,
            detail=sentence,
            instance=_encodable(path),
            fields=fields,
        )
        body = problem.model_dump(exclude_none=True)
        return JSONResponse(body, status, media_type=MEDIA_TYPE, headers=headers)
    response = site_of(request).render(
        request, "error.html", status, error_status=status, sentence=sentence, fields=fields or {}
    )
    response.headers.update(headers or {})
    return response


def _language(connection: HTTPConnection) -> str:
    return site_of(connection).language(connection)


def _encodable(text: str) -> str:
    """``text`` without halves of surrogate pairs: JSON may hold them, an answer can't."""
    return text.encode("utf-8", "replace").decode()
