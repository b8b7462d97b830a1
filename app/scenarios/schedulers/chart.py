"""The textbook's chart and table of the jobs, beside the run's."""

from __future__ import annotations

from statistics import fmean

from app.catalogue.spans import duration
from app.catalogue.theory import ChartRow, TableRow, Theory
from app.locale.text import Text, verbatim
from app.scenarios.schedulers.measured import Lives
from app.scenarios.schedulers.settings import Settings
from app.timeline.timeline import Timeline

COLUMNS = [
    Text(en="Turnaround", zh="周转"),
    Text(en="Waiting", zh="等待"),
    Text(en="Response", zh="响应"),
]


def theory(timeline: Timeline, params: Settings) -> Theory:
    """Both charts begin with the first job's coming. Raises NotSeen where a job is not whole."""
    lives = Lives(timeline, params.jobs)
    unit = params.unit_ns
    first_unit = min(job.arrival for job in params.jobs)
    first_ns = min(life.came_ns for life in lives.lives)
    chart, book, turns = params.chart(), params.textbook(), lives.turns()
    lanes = [
        ChartRow(
            life.job.name,
            [
                ((turn.start - first_unit) * unit, (turn.end - first_unit) * unit)
                for turn in chart
                if turn.name == life.job.name
            ],
            [
                (span.start_ns - first_ns, span.end_ns - first_ns)
                for other, span in turns
                if other is life
            ],
        )
        for life in lives.lives
    ]
    rows = []
    for life in lives.lives:
        meant = book[life.job.name]
        measured = (life.turnaround_ns, lives.waiting_ns(life), life.response_ns)
        cells = [(n * unit, float(ns)) for n, ns in zip(meant[:3], measured, strict=True)]
        rows.append(TableRow(verbatim(life.job.name), [*cells]))
    columns = zip(*(row.cells for row in rows), strict=True)
    mean = [(fmean(b for b, _ in cells), fmean(r for _, r in cells)) for cells in columns]
    rows.append(TableRow(Text(en="average", zh="平均"), mean))
    idle, kept = duration(lives.uncomputed_ns()), duration(lives.kept_ns())
    return Theory(
        title=Text(en="Beside the textbook", zh="与教科书对照"),
        book=Text(en="textbook", zh="教科书"),
        lanes=lanes,
        columns=COLUMNS,
        rows=rows,
        note=Text(
            en="Above, grey, and in brackets: the textbook's, computed. Below: this run's, "
            f"measured. No job computed for {idle} in it, for {kept} because other programs had "
            "the CPU.",
            zh="上方灰色与括号内为教科书的计算结果，下方为本次运行的实测。本次运行中有 "
            f"{idle} 没有任何作业在计算，其中 {kept} 是 CPU 被其他程序占用。",
        ),
    )
