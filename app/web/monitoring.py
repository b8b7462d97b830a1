"""For those who run the server: whether it is alive, and what it does."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from app.web.dependencies import CurrentSite

router = APIRouter()


class Health(BaseModel):
    status: str
    scenarios: int
    running: int
    waiting: int


@router.get("/healthz")
async def health(site: CurrentSite) -> Health:
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
async def metrics(site: CurrentSite) -> Response:
    """Prometheus text format."""
    site.runs.count()
    return Response(
        generate_latest(site.runs.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
