"""The catalogue as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.catalogue import FormField, Scenario, load
from app.locale.terminal import _, current


def as_json() -> list[dict[str, Any]]:
    """Slug, group, title, summary and parameters of each scenario, texts by language."""
    return [scenario_json(scenario) for scenario in load().values()]


def scenario_json(scenario: Scenario[Any]) -> dict[str, Any]:
    return {
        "slug": scenario.slug,
        "group": scenario.group.value,
        "title": scenario.title.json(),
        "summary": scenario.summary.json(),
        "requires": list(scenario.requires),
        "parameters": [_parameter(field) for field in scenario.fields()],
    }


def _parameter(field: FormField) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": field.title.json(),
        "help": field.help.json(),
        "type": field.kind,
        "default": field.json_default(),
        "minimum": field.minimum,
        "maximum": field.maximum,
        "step": field.step,
        "unit": field.unit,
        "choices": [
            {"value": choice.value, "title": choice.title.json()} for choice in field.choices
        ],
        "columns": [_parameter(column) for column in field.columns],
    }


def show(console: Console) -> None:
    """A paragraph for each scenario, with its parameters and their allowed values."""
    language = current()
    for scenario in load().values():
        console.print(
            Text(scenario.slug, style="bold").append(
                f"  {scenario.title.of(language)}", style="not bold"
            )
        )
        console.print(Text(scenario.summary.of(language), style="dim"))
        if scenario.requires:
            needs = _("  needs packages: python -m pip install {packages}")
            console.print(Text(needs.format(packages=" ".join(scenario.requires)), style="dim"))
        fields = scenario.fields()
        if fields:
            table = Table(box=None, show_header=False, pad_edge=False)
            for field in fields:
                default = field.line(field.default) if field.columns else field.default
                table.add_row(
                    Text(f"  {field.name}={default}"),
                    Text(field.allowed().of(language), style="cyan"),
                    Text(field.title.of(language)),
                )
            console.print(table)
        console.print()
