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
from app.web.dependencies import CurrentLanguage, CurrentSite, CurrentVisitor
from app.web.pinning import check_may_pin
from app.web.problems import responses
from app.web.site import Site
from app.web.visitors import Visitor

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
    """``position`` is the place in the queue while the run waits. ``scenario`` is empty for a
    program that is not in the catalogue; ``file_name`` names it. ``yours`` is true if your cookie
    started the run: then you may stop and pin it. A ``pinned`` recording stays when others are
    removed to make room. ``damaged`` files come last; their ``failure`` says why.
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


def _shown(site: Site, run: Run, visitor: Visitor) -> dict[str, Any]:
    return {**run.as_json(site.runs.position(run)), "yours": visitor.owns(run)}


@router.get("/scenarios", response_model=list[ScenarioOut])
async def scenarios(site: CurrentSite, language: CurrentLanguage) -> Any:
    """The catalogue, in the language that is asked for."""
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
async def start(
    request: Request,
    order: RunIn,
    response: Response,
    site: CurrentSite,
    language: CurrentLanguage,
    visitor: CurrentVisitor,
) -> Any:
    """Start a run, or put it into the queue.

    The cookie ``visitor`` makes the run yours. A script keeps the cookie that the first answer
    sets, and sends it with every request (``curl --cookie-jar FILE --cookie FILE``,
    ``httpx.Client()``). Requests without it count as one visitor for each network address.
    """
    plan = forms.plan(
        site.catalogue,
        site.interpreters,
        order.scenario,
        order.params,
        order.python,
        language,
    )
    run = site.runs.start(plan, visitor.asker)
    response.headers["Location"] = f"/api/runs/{run.id}"
    site.visitors.remember(request, response)
    return _shown(site, run, visitor)


@router.get("/runs", response_model=list[RunOut])
async def runs(site: CurrentSite, visitor: CurrentVisitor) -> Any:
    """All runs that are kept, the newest first."""
    await site.runs.archive.rescan()
    return [_shown(site, run, visitor) for run in site.runs.all()]


@router.get("/runs/{run_id}", response_model=RunOut, responses=responses(404))
async def run(run_id: str, site: CurrentSite, visitor: CurrentVisitor) -> Any:
    return _shown(site, await site.runs.find(run_id), visitor)


@router.delete("/runs/{run_id}", response_model=RunOut, responses=responses(403, 404))
async def stop(run_id: str, site: CurrentSite, visitor: CurrentVisitor) -> Any:
    """Stop a run of yours that runs or waits. A run that is over stays as it is.

    403 for a run that another visitor started: see the cookie of ``POST /api/runs``.
    """
    if not visitor.owns(await site.runs.find(run_id)):
        raise NotYours("Only the visitor who started a run may stop it.")
    return _shown(site, await site.runs.stop(run_id), visitor)


@router.put("/runs/{run_id}/pin", response_model=RunOut, responses=responses(403, 404, 422, 503))
async def pin(run_id: str, site: CurrentSite, visitor: CurrentVisitor) -> Any:
    """Keep the recording when others are removed to make room."""
    return await _pin(site, run_id, visitor, True)


@router.delete("/runs/{run_id}/pin", response_model=RunOut, responses=responses(403, 404, 422, 503))
async def unpin(run_id: str, site: CurrentSite, visitor: CurrentVisitor) -> Any:
    """Let the recording be removed when it is the oldest and room is needed."""
    return await _pin(site, run_id, visitor, False)


async def _pin(site: Site, run_id: str, visitor: Visitor, pinned: bool) -> dict[str, Any]:
    check_may_pin(await site.runs.find(run_id), visitor)
    return _shown(site, await site.runs.pin(run_id, pinned), visitor)


@router.get(
    "/runs/{run_id}/timeline",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **responses(404, 409),
    },
)
async def timeline(run_id: str, site: CurrentSite, language: CurrentLanguage) -> Response:
    """The timeline so far: run, tracks, slices, flows, output, claims, statistics."""
    found = await site.runs.timeline(await site.runs.find(run_id))
    body = await asyncio.to_thread(FORMATS["json"].write, found, language)
    return Response(body, media_type="application/json")


class PredictionOut(BaseModel):
    """A prediction, the run's own answer, and how the two differ.

    ``answer`` is null if the run does not show it. ``why`` says how the two differ, or what the run
    does not show; ``because`` explains the run's answer. A value is a choice, a number, an order of
    names, or a drawing: for each track a letter per cell of time. ``rows`` and ``words`` are the
    run's answer for a reader.
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
async def outcomes(run_id: str, site: CurrentSite, language: CurrentLanguage) -> Any:
    """The predictions made before the run began, and what the run shows so far."""
    found = await site.runs.find(run_id)
    timeline = await site.runs.timeline(found)
    return await asyncio.to_thread(predictions.outcomes, site, found, timeline, language)


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
    run_id: str,
    site: CurrentSite,
    language: CurrentLanguage,
    format: Annotated[str, Query(description=f"one of: {', '.join(FORMATS)}")],
) -> Response:
    """The run as a file for another tool."""
    found = await site.runs.find(run_id)
    wanted = format_named(format)
    whole = await site.runs.timeline(found)
    body = await asyncio.to_thread(wanted.write, whole, language)
    name = f"{found.scenario or 'run'}-{found.id}{wanted.suffix}"
    return Response(body, media_type=wanted.media_type, headers=attachment(name))
