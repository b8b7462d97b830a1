"""The JSON interface."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import Response

from app.catalogue.parameters import FormField
from app.catalogue.scenario import Scenario
from app.errors import NotYours
from app.runs.export import FORMATS, format_named
from app.runs.run import Run, RunState
from app.web import forms, predictions
from app.web.attachments import attachment
from app.web.pinning import check_may_pin
from app.web.problems import responses
from app.web.site import Site

router = APIRouter(prefix="/api")


class ParameterOut(BaseModel):
    """One parameter of a scenario. ``unit`` is a symbol; limits are inclusive.

    Of a ``table`` they count its rows: objects with a value for each of ``columns``.
    """

    name: str
    title: str
    help: str
    kind: str
    default: int | float | bool | str | list[dict[str, int | float | bool | str]]
    minimum: float | None
    maximum: float | None
    unit: str
    choices: list[str]
    columns: list[ParameterOut]


class ScenarioOut(BaseModel):
    """``requires`` names the packages beside the standard library that the program imports."""

    slug: str
    group: str
    title: str
    summary: str
    ideas: list[str]
    primitives: list[str]
    level: int
    requires: list[str]
    parameters: list[ParameterOut]


class RunIn(BaseModel):
    """``python``: the name or version of an interpreter of the server; its own by default."""

    model_config = ConfigDict(extra="forbid")

    scenario: str = Field(max_length=100)
    params: dict[str, JsonValue] = Field(default_factory=dict, max_length=100)
    python: str | None = Field(None, max_length=1000)


class RunOut(BaseModel):
    """``position`` is the place in the queue while the run waits. ``scenario`` is empty where the
    program, whose file is named, is none of the catalogue's. ``yours``: you started it, by the
    cookie that you sent, and may stop and pin it. A ``pinned`` recording stays when room is made
    for others. ``damaged`` files, whose ``failure`` says why, come last.
    """

    id: str
    scenario: str
    file_name: str
    params: dict[str, JsonValue]
    python: str | None
    created_at: str
    state: RunState
    position: int | None
    duration_ns: int | None
    exit: dict[str, JsonValue] | None
    limit: dict[str, JsonValue] | None
    failure: str | None
    recording_failure: str | None
    yours: bool
    pinned: bool


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def _shown(request: Request, run: Run) -> dict[str, Any]:
    site = _site(request)
    yours = site.visitors.of(request).owns(run)
    return {**run.as_json(site.runs.position(run)), "yours": yours}


@router.get("/scenarios", response_model=list[ScenarioOut])
async def scenarios(request: Request) -> Any:
    """The catalogue, in the language that is asked for."""
    site = _site(request)
    language = site.language(request)
    return [_scenario(item, language) for item in site.catalogue.values()]


def _scenario(item: Scenario[Any], language: str) -> ScenarioOut:
    return ScenarioOut(
        slug=item.slug,
        group=item.group.value,
        title=item.title.of(language),
        summary=item.summary.of(language),
        ideas=[idea.value for idea in item.tags.ideas],
        primitives=list(item.tags.primitives),
        level=item.tags.level,
        requires=list(item.requires),
        parameters=[_parameter(field, language) for field in item.fields()],
    )


def _parameter(field: FormField, language: str) -> ParameterOut:
    return ParameterOut(
        name=field.name,
        title=field.title.of(language),
        help=field.help.of(language),
        kind=field.kind,
        default=field.json_default(),
        minimum=field.minimum,
        maximum=field.maximum,
        unit=field.unit,
        choices=[choice.value for choice in field.choices],
        columns=[_parameter(column, language) for column in field.columns],
    )


@router.post(
    "/runs",
    status_code=201,
    response_model=RunOut,
    responses=responses(400, 403, 404, 413, 422, 429, 503),
)
async def start(request: Request, order: RunIn, response: Response) -> Any:
    """Start a run, or put it into the queue.

    It is yours by the cookie ``visitor``: a script keeps the one that the first answer sets, and
    sends it with every request (``curl --cookie-jar FILE --cookie FILE``, ``httpx.Client()``).
    Without it each request is a new visitor's, and all such of one address share one's limits.
    """
    site = _site(request)
    plan = forms.plan(
        site.catalogue,
        site.interpreters,
        order.scenario,
        order.params,
        order.python,
        site.language(request),
    )
    run = site.runs.start(plan, site.visitors.of(request).asker)
    response.headers["Location"] = f"/api/runs/{run.id}"
    site.visitors.greet(request, response)
    return _shown(request, run)


@router.get("/runs", response_model=list[RunOut])
async def runs(request: Request) -> Any:
    """All runs that are kept, the newest first."""
    site = _site(request)
    await site.runs.look_again()
    return [_shown(request, run) for run in site.runs.all()]


@router.get("/runs/{run_id}", response_model=RunOut, responses=responses(404))
async def run(request: Request, run_id: str) -> Any:
    return _shown(request, await _site(request).runs.find(run_id))


@router.delete("/runs/{run_id}", response_model=RunOut, responses=responses(403, 404))
async def stop(request: Request, run_id: str) -> Any:
    """Stop a run of yours that runs or waits; of a run that is over, nothing changes.

    403 for a run that another visitor started: see the cookie of ``POST /api/runs``.
    """
    site = _site(request)
    if not site.visitors.of(request).owns(await site.runs.find(run_id)):
        raise NotYours("Only the visitor who started a run may stop it.")
    return _shown(request, await site.runs.stop(run_id))


@router.put("/runs/{run_id}/pin", response_model=RunOut, responses=responses(403, 404, 422, 503))
async def pin(request: Request, run_id: str) -> Any:
    """Keep the recording when room is made for others."""
    return await _pin(request, run_id, True)


@router.delete("/runs/{run_id}/pin", response_model=RunOut, responses=responses(403, 404, 422, 503))
async def unpin(request: Request, run_id: str) -> Any:
    """Let the recording go when it is the oldest and room is needed."""
    return await _pin(request, run_id, False)


async def _pin(request: Request, run_id: str, pinned: bool) -> dict[str, Any]:
    site = _site(request)
    check_may_pin(await site.runs.find(run_id), site.visitors.of(request))
    return _shown(request, await site.runs.pin(run_id, pinned))


@router.get(
    "/runs/{run_id}/timeline",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **responses(404, 409),
    },
)
async def timeline(request: Request, run_id: str) -> Response:
    """The timeline so far: run, tracks, slices, flows, output, claims, statistics."""
    site = _site(request)
    found = await site.runs.timeline(await site.runs.find(run_id))
    language = site.language(request)
    body = await asyncio.to_thread(FORMATS["json"].write, found, language)
    return Response(body, media_type="application/json")


class PredictionOut(BaseModel):
    """A prediction, what the run answers (null where it can't tell), and how they differ.

    ``why`` says how they differ, or why the run can't tell, ``because`` why the run is so. Values
    are a choice, a number, an order of names, or a drawing: a letter for each cell of time by
    track. ``rows`` and ``words`` are the run's answer for a reader.
    """

    id: str
    text: str
    predicted: JsonValue
    answer: JsonValue
    right: bool
    why: str
    because: str
    words: str
    rows: list[tuple[str, str]]


@router.get(
    "/runs/{run_id}/predictions",
    response_model=list[PredictionOut],
    responses=responses(404, 409),
)
async def outcomes(request: Request, run_id: str) -> Any:
    """What was predicted of the run before it began, and what it shows so far."""
    site = _site(request)
    found = await site.runs.find(run_id)
    timeline = await site.runs.timeline(found)
    return await asyncio.to_thread(
        predictions.outcomes, site, found, timeline, site.language(request)
    )


@router.get(
    "/runs/{run_id}/export",
    response_class=Response,
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
            }
        },
        **responses(404, 409, 422),
    },
)
async def export(
    request: Request,
    run_id: str,
    format: Annotated[str, Query(description=f"one of: {', '.join(FORMATS)}")],
) -> Response:
    """The run as a file for another tool."""
    site = _site(request)
    found = await site.runs.find(run_id)
    wanted = format_named(format)
    whole = await site.runs.timeline(found)
    body = await asyncio.to_thread(wanted.write, whole, site.language(request))
    name = f"{found.scenario or 'run'}-{found.id}{wanted.suffix}"
    return Response(body, media_type=wanted.media_type, headers=attachment(name))
