"""For those who run the server: is it alive, and what does it do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from app.web.site import Site

router = APIRouter()


class Health(BaseModel):
    status: str
    scenarios: int
    running: int
    waiting: int


@router.get("/healthz")
async def health(request: Request) -> Health:
    site: Site = request.app.state.site
    states = [run.state.value for run in site.runs.all()]
    return Health(
        status="ok",
        scenarios=len(site.catalogue),
        running=states.count("running"),
        waiting=states.count("waiting"),
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    site: Site = request.app.state.site
    site.runs.count()
    return Response(
        generate_latest(site.runs.meters.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
