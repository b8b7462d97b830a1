"""How much of something that must not occur still counts as none, and the sentence for it."""

from __future__ import annotations

from app.locale.text import NO_TEXT, Text

#: Why two threads under one GIL can seem to run at once.
ASKS = Text(
    en="a thread that wants the GIL wakes up to ask for it, and runs without it meanwhile",
    zh="想要 GIL 的线程会醒来索要它，此时虽在运行却并不持有它",
)
#: Why two threads that share one CPU can seem to run at once.
EDGES = Text(
    en="when a turn begins and ends is known to some microseconds only",
    zh="每次运行的起止时刻只能精确到若干微秒",
)
#: Why two threads that exclude each other can seem to be inside at once.
HANDED_OVER = Text(
    en="who leaves and who comes each report it a moment late",
    zh="离开者和进入者报告的时刻都会略晚一点",
)
#: Why equal shares can differ.
TURNS = Text(
    en="one of them may have had a turn more when the time was over",
    zh="时间截止时，其中某一个可能多运行了一轮",
)
#: Why a thread that only waits has run.
WAKES = Text(
    en="going to sleep and ending take CPU time, too",
    zh="进入睡眠和结束本身也要占用 CPU 时间",
)


#: Less is shown as 0.0 %.
SHOWN = 0.0005
NONE = Text(en="none", zh="没有")
EQUAL = Text(en="equal", zh="相等")


def excused(measured: float, whole: float, part: float, why: Text, what: Text = NONE) -> Text:
    """A sentence to follow the figure; empty if there is nothing to excuse, or too much.

    At most ``part`` of ``whole`` may be measured although there is none.
    """
    if not SHOWN * whole <= measured <= part * whole or not measured:
        return NO_TEXT
    most = f"{100 * part:g} %"
    return Text(
        en=f" Up to {most} counts as {what.en}: {why.en}.",
        zh=f"不超过 {most} 视为{what.of('zh')}：{why.of('zh')}。",
    )
