"""The command line: serve, scenarios, run, export, pin, doctor.

Exit status: 0 if all was done; 1 if not, or if ``--check`` found a claim that fails; 2 if the
arguments are wrong; 130 after Ctrl-C, 128 + n after another signal n that ended a run. ``run`` with
a program of the user's own ends with that program's status, as time(1) does; 128 + n if signal n
ended it.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.text.printable import printable
from app.errors import InvalidInput, InvalidParameters, TimesliceError
from app.locale.terminal import _, error_text

app = typer.Typer(
    name="timeslice",
    help=_("Run real concurrent Python programs and see what each part of them does."),
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    rich_markup_mode=None,
)

#: Click's class of wrong arguments, wherever Typer keeps its Click.
UsageError: Any = typer.BadParameter.__mro__[1]


@app.command(help=_("Serve the web application."))
def serve(
    host: Annotated[str, typer.Option(help=_("address to listen on"))] = "",
    port: Annotated[
        int | None, typer.Option(help=_("port to listen on; 0 takes a free one"), min=0, max=65535)
    ] = None,
) -> None:
    from app.cli import server

    raise typer.Exit(server.serve(host or None, port))


@app.command(help=_("List the scenarios and their parameters."))
def scenarios(
    as_json: Annotated[bool, typer.Option("--json", help=_("as JSON"))] = False,
) -> None:
    from app.cli.text import listing

    if as_json:
        _print_json(listing.as_json())
    else:
        listing.show(Console())


@app.command(help=_("Run a scenario, or a program of your own, and print what it did."))
def run(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SLUG|FILE",
            help=_("the scenario, as `scenarios` lists it, or the file of a program"),
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGUMENT…]", help=_("arguments of your program")),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help=_("set a parameter")),
    ] = None,
    python: Annotated[
        str, typer.Option(metavar="PATH", help=_("run the program with this interpreter"))
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("write the recording here"))
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help=_("write the timeline as JSON; - is stdout")),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help=_("exit with status 1 if a claim fails"))
    ] = False,
) -> None:
    from app.cli import running

    args = running.RunArguments(
        what, tuple(arguments or ()), parameters or [], python, out, json_file, check
    )
    raise typer.Exit(running.run_command(args))


@app.command(help=_("Write a recording in another format."))
def export(
    recording: Annotated[Path, typer.Argument(help=_("the file that --out wrote"))],
    out: Annotated[Path, typer.Option(metavar="FILE", help=_("the file to write"))],
    format_name: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=_("json, chrome or csv"))
    ] = "json",
) -> None:
    from app.cli.files import check_apart, check_writable, write
    from app.runs.export import export as exported
    from app.runs.export import format_named
    from app.runs.reading import Reading

    format_named(format_name)
    check_writable(out)
    check_apart(out, recording)
    with Reading.open(recording) as opened:
        data = exported(opened.timeline(), format_name)
    write(out, data)


@app.command(help=_("Keep a recording when the server removes others to make room."))
def pin(
    recording: Annotated[Path, typer.Argument(help=_("the file in the server's folder"))],
    remove: Annotated[
        bool, typer.Option("--remove", help=_("let it be removed like the others again"))
    ] = False,
) -> None:
    from app.runs import recordings
    from app.runs.reading import Reading

    Reading.open(recording).close()
    recordings.pin(recording, not remove)


@app.command(help=_("Show what this machine offers, and what would give more."))
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help=_("as JSON"))] = False,
) -> None:
    from app.doctor.examination import examine
    from app.doctor.report import show

    examination = examine()
    if as_json:
        _print_json(examination.model_dump())
    else:
        show(examination, Console())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status. Errors are one sentence on stderr, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that it can't encode becomes a ?
            stream.reconfigure(errors="replace")
    try:
        status = app(arguments, prog_name="timeslice", standalone_mode=False)
    except UsageError as error:
        _complain(_usage_sentence(error))
        return 2
    except InvalidParameters as error:
        for name, why in error.fields.items():
            _complain(f"{name}: {why}")
        return 2
    except InvalidInput as error:
        _complain(error_text(error))
        return 2
    except TimesliceError as error:
        _complain(error_text(error))
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        # The reader is gone (`| head`); Python would complain once more at exit.
        sys.stderr.close()
        return 1
    except OSError as error:
        _complain(_("This could not be finished: {why}.").format(why=error.strerror or error))
        return 1
    return status if isinstance(status, int) else 0


def _usage_sentence(error: Any) -> str:
    """Click's sentence, and what is allowed instead."""
    sentence = str(error.format_message())
    context = error.ctx
    if context is None:
        return sentence
    command = context.command
    if hasattr(command, "list_commands"):
        names = ", ".join(command.list_commands(context))
        return _("{sentence} The commands are: {names}.").format(sentence=sentence, names=names)
    options = [option for parameter in command.params for option in parameter.opts]
    names = ", ".join(option for option in [*options, "--help"] if option.startswith("-"))
    usage = context.get_usage().strip()
    return _("{sentence}\n{usage}\nThe options are: {names}.").format(
        sentence=sentence, usage=usage, names=names
    )


def _complain(sentence: str) -> None:
    lines = printable(sentence, keep="\n")
    print(f"timeslice: {lines}", file=sys.stderr)  # noqa: T201


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
