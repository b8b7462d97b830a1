"""The HTML pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app.catalogue.scenario import Scenario
from app.errors import InvalidParameters, TimesliceError, UnknownInterpreter
from app.runs.export import FORMATS
from app.web import forms, i18n, paths, predictions
from app.web.attachments import attachment
from app.web.dependencies import CurrentLanguage, CurrentSite, CurrentVisitor
from app.web.highlight import markdown, program_lines
from app.web.i18n import N_
from app.web.pinning import check_may_pin
from app.web.problems import status_of
from app.web.run_words import address_of, row
from app.web.search import Search, ideas, primitives, states
from app.web.site import Site
from app.web.state_names import STATE_NAMES

router = APIRouter(include_in_schema=False, default_response_class=Response)

_MAX_FIELDS = 100
#: At most this many files that can't be read are named.
_DAMAGED_SHOWN = 30


@router.get("/")
async def catalogue(
    request: Request,
    site: CurrentSite,
    language: CurrentLanguage,
    q: str = "",
    idea: str = "",
    level: str = "",
    state: str = "",
    primitive: str = "",
) -> Response:
    search = Search(q[:200], idea, level, state, primitive)
    groups = search.groups(site.catalogue)
    return site.render(
        request,
        "catalogue.html",
        search=search,
        groups=[(group.letter, group.text.of(language), items) for group, items in groups],
        ideas=[(item.value, item.text.of(language)) for item in ideas(site.catalogue)],
        primitives=primitives(site.catalogue),
        levels=_levels(language),
        states=[
            (item.word, i18n.gettext(STATE_NAMES[item], language))
            for item in states(site.catalogue)
        ],
        found=sum(len(items) for _, items in groups),
        recent=[row(site, run, language) for run in site.runs.sound()[:5]],
        paths=[] if search.active else paths.all_paths(site, language),
    )


def _levels(language: str) -> list[tuple[str, str]]:
    names = (N_("First steps"), N_("Going further"), N_("Advanced"))
    return [(str(n), i18n.gettext(name, language)) for n, name in enumerate(names, 1)]


@router.get("/scenarios/{slug}")
async def scenario(
    request: Request, slug: str, site: CurrentSite, language: CurrentLanguage
) -> Response:
    """The query may have values for the form, as in the link "Run again" of a run."""
    given = {k: v for k, v in request.query_params.items() if k not in ("lang", forms.PYTHON)}
    python = request.query_params.get(forms.PYTHON, "")
    path = given.pop(paths.FIELD, "")
    values = forms.gathered(site.catalogue[slug].fields(), given)
    return _scenario(request, site, language, slug, values, python=python, path=path)


def _scenario(
    request: Request,
    site: Site,
    language: str,
    slug: str,
    values: Mapping[str, object],
    *,
    python: str = "",
    path: str = "",
    predicted: dict[str, str] | None = None,
    mistaken: dict[str, str] | None = None,
    error: TimesliceError | None = None,
) -> Response:
    """``predicted``: answers to the form's questions, ``mistaken``: what is wrong with them."""
    item = site.catalogue[slug]
    fields = item.fields()
    wrong = error.fields if isinstance(error, InvalidParameters) else {}
    names = {field.name for field in fields}
    program, claims = _as_set(item, {k: v for k, v in values.items() if k in names}, language)
    others = {name: why for name, why in wrong.items() if name.split(".")[0] not in names}
    return site.render(
        request,
        "scenario.html",
        status_of(error) if error else 422 if mistaken else 200,
        address=f"/scenarios/{slug}",
        slug=slug,
        title=item.title.of(language),
        summary=item.summary.of(language),
        group=item.group.text.of(language),
        tags=[(idea.value, idea.text.of(language)) for idea in item.tags.ideas],
        primitives=item.tags.primitives,
        level=_levels(language)[item.tags.level - 1][1],
        controls=forms.controls(fields, language, values, wrong),
        interpreters=site.interpreters,
        python=python,
        python_error=i18n.error_text(error, language)
        if isinstance(error, UnknownInterpreter)
        else "",
        error="" if error is None or wrong else i18n.error_text(error, language),
        others=others,
        invalid=bool(wrong or mistaken) or isinstance(error, UnknownInterpreter),
        step=paths.step_in(site, path, slug, language),
        questions=predictions.fields(item.questions, language, predicted or {}, mistaken or {}),
        program_lines=program_lines(program),
        notes=markdown(item.notes(language)),
        claims=claims,
        limits=site.settings,
        requires=item.requires,
        missing=item.missing(),
        recent=[
            row(site, run, language)
            for run in islice((run for run in site.runs.sound() if run.scenario == slug), 5)
        ],
    )


def _as_set(
    item: Scenario[Any], values: Mapping[str, object], language: str
) -> tuple[str, list[str]]:
    """The program and its claims with these values; with the defaults if one is wrong."""
    try:
        params = item.validate(values)
        program = item.render(params)
    except InvalidParameters:
        params, program = item.parameters(), item.program_for(values.get(item.by))
    return program, [claim.sentence(params).of(language) for claim in item.claims]


@router.post("/runs")
async def start(
    request: Request, site: CurrentSite, language: CurrentLanguage, visitor: CurrentVisitor
) -> Response:
    async with request.form(max_fields=_MAX_FIELDS, max_files=0) as form:
        # A check box is preceded by a hidden "false" of the same name: the last one counts.
        typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    slug = typed.pop(forms.SCENARIO, "")
    python = typed.pop(forms.PYTHON, "")
    path = typed.pop(paths.FIELD, "")
    typed, given = predictions.split(typed)
    item = site.catalogue[slug]  # an unknown one has no form to go back to
    values = forms.gathered(item.fields(), typed)
    predicted, mistaken = predictions.of_form(item.questions, given, language)
    shown = partial(
        _scenario, request, site, language, slug, values, python=python, path=path, predicted=given
    )
    try:
        plan = forms.plan(site.catalogue, site.interpreters, slug, values, python, language)
        if mistaken:
            return shown(mistaken=mistaken)
        run = site.runs.start(replace(plan, predictions=predicted), visitor.asker)
    except TimesliceError as error:
        return shown(mistaken=mistaken, error=error)
    query = f"?{urlencode({paths.FIELD: path})}" if path else ""
    return site.visitors.remember(request, RedirectResponse(f"/runs/{run.id}{query}", 303))


@router.get("/runs")
async def runs(
    request: Request, site: CurrentSite, language: CurrentLanguage, visitor: CurrentVisitor
) -> Response:
    await site.runs.archive.rescan()
    sound = site.runs.sound()
    damaged = site.runs.damaged()
    room = site.runs.room()
    scan = site.runs.archive.first_scan
    return site.render(
        request,
        "runs.html",
        runs=[
            {**row(site, run, language), "mine": run.over and visitor.owns(run)} for run in sound
        ],
        damaged=[row(site, run, language) for run in damaged[:_DAMAGED_SHOWN]],
        damaged_more=max(0, len(damaged) - _DAMAGED_SHOWN),
        kept=site.settings.runs_kept,
        room=room,
        next_out=row(site, room.next, language) if room.next else None,
        looking=None if scan.done.is_set() else scan,
    )


@router.get("/runs/{run_id}")
async def run(
    request: Request,
    run_id: str,
    site: CurrentSite,
    language: CurrentLanguage,
    visitor: CurrentVisitor,
    path: str = "",
) -> Response:
    await site.runs.find(run_id)
    item = site.runs.readable(run_id)
    address = address_of(item)
    api = f"/api{address}"
    known = item.scenario in site.catalogue
    fields = site.catalogue[item.scenario].fields() if known else []
    query = urlencode(forms.given(item, site.interpreters, fields))
    rerun = f"/scenarios/{item.scenario}" + (f"?{query}" if query else "")
    yours = visitor.owns(item)
    return site.render(
        request,
        "run.html",
        run={
            **row(site, item, language),
            "group": site.catalogue[item.scenario].group.text.of(language) if known else "",
            "yours": yours,
        },
        program_lines=program_lines(item.program),
        program_name=item.file_name,
        program_url=f"{address}/program.py",
        pin_url=f"{address}/pin" if yours else "",
        messages=i18n.script_messages(language),
        modules=site.static.modules(),
        api_url=api,
        stream_url=f"{api}/stream",
        export_urls={name: f"{api}/export?format={name}" for name in FORMATS},
        rerun_url=rerun if known else "",
        predictions=predictions.predicted(site, item, language),
        step=paths.step_in(site, path, item.scenario, language),
    )


@router.get("/runs/{run_id}/program.py")
async def program(run_id: str, site: CurrentSite) -> Response:
    await site.runs.find(run_id)
    item = site.runs.readable(run_id)
    name = f"{item.scenario.replace('-', '_')}.py" if item.scenario else item.file_name
    return Response(
        item.program,
        media_type="text/x-python; charset=utf-8",
        headers=attachment(name),
    )


@router.post("/runs/{run_id}/pin")
async def pin(
    request: Request, run_id: str, site: CurrentSite, visitor: CurrentVisitor
) -> Response:
    """``pinned`` is ``yes`` or ``no``; ``back`` is ``list`` for the list of runs."""
    found = await site.runs.find(run_id)
    check_may_pin(found, visitor)
    async with request.form(max_fields=_MAX_FIELDS, max_files=0) as form:
        pinned, back = form.get("pinned"), form.get("back")
    await site.runs.pin(run_id, pinned == "yes")
    return RedirectResponse("/runs" if back == "list" else address_of(found), 303)
