"""A run as pages show it: its title, its settings and its state in the reader's words."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import quote

from app.locale.text import Text
from app.runs.run import Run, RunState
from app.timeline.limits import LIMITS, limit_amount
from app.web import i18n, run_settings
from app.web.i18n import N_
from app.web.site import Site


def row(site: Site, run: Run, language: str) -> dict[str, Any]:
    return {
        **run.as_json(site.runs.position(run)),
        "url": address_of(run),
        "over": run.over,
        "damaged": run.state is RunState.DAMAGED,
        "bytes": run.bytes,
        "title": title_of(site, run, language),
        "state_text": _STATES[run.state].of(language),
        "limit_text": limit_text(run.limit, language),
        "failure": i18n.error_text(run.failure, language) if run.failure else "",
        "recording_failure": i18n.error_text(run.recording_failure, language)
        if run.recording_failure
        else "",
        "values": values_of(site, run, language),
    }


def address_of(run: Run) -> str:
    """The path of its page. A run's id may have any letters: it can be the name of a file."""
    return f"/runs/{quote(run.id, safe='')}"


def title_of(site: Site, run: Run, language: str) -> str:
    """The scenario's title; for another program its file; the id if nothing is known."""
    if run.scenario:
        return site.scenario_title(run.scenario, language)
    return run.file_name if run.program else run.id


def values_of(site: Site, run: Run, language: str) -> list[tuple[str, str]]:
    """(title, value) of the run's parameters, or of its arguments, for a reader."""
    if run.args:
        return [(i18n.gettext(N_("arguments"), language), shlex.join(run.args))]
    item = run_settings.scenario_of(site, run)
    values = run_settings.values_of(item, run) if item else None
    if item is None or values is None:
        return run_settings.unvouched(run)
    shown = []
    for field in item.fields():
        if field.name not in values:
            continue
        value = values[field.name]
        titles = {choice.value: choice.title.of(language) for choice in field.choices}
        text = titles.get(str(value), field.line(value) if field.columns else str(value))
        if isinstance(value, bool):
            text = i18n.gettext(N_("yes") if value else N_("no"), language)
        shown.append((field.title.of(language), f"{text} {field.unit}".strip()))
    return shown


def limit_text(limit: dict[str, Any] | None, language: str) -> str:
    """Which limit ended the run; empty if none did, or if it was stopped on request."""
    if limit is None or limit["name"] not in LIMITS:
        return ""
    words = limit_amount(limit["name"], limit["value"]).of(language)
    return i18n.gettext(N_("ended at its limit of {limit}"), language).format(limit=words)


#: Every language is here: as words for a run they differ from the same words for a thread.
_STATES = {
    RunState.WAITING: Text(en="waiting", zh="排队中"),
    RunState.RUNNING: Text(en="running", zh="运行中"),
    RunState.ENDED: Text(en="ended", zh="已结束"),
    RunState.FAILED: Text(en="failed", zh="失败"),
    RunState.STOPPED: Text(en="stopped", zh="已停止"),
    RunState.INTERRUPTED: Text(en="interrupted", zh="被中断"),
    RunState.DAMAGED: Text(en="damaged", zh="已损坏"),
}
