"""How a track ended, in the words of both languages."""

from __future__ import annotations

from app.catalogue.text import Text
from app.timeline.model import Track
from app.timeline.states import Cause

_WORDS = {
    Cause.RETURNED: Text("returned", "正常返回"),
    Cause.RAISED: Text("raised", "抛出异常"),
    Cause.EXIT: Text("left by sys.exit", "由 sys.exit 退出"),
    Cause.SIGNAL: Text("ended by a signal", "被信号终止"),
    Cause.DAEMON: Text("ended as a daemon", "作为守护进程被终止"),
    Cause.WITH_PROCESS: Text("gone with its process", "随进程消失"),
    Cause.CANCELLED: Text("cancelled", "被取消"),
    Cause.NEVER_AWAITED: Text("never awaited", "从未被 await"),
    Cause.UNKNOWN: Text("how is not known", "结束方式未知"),
    Cause.STOPPED: Text("stopped with the run", "随运行被停止"),
    Cause.LIMIT: Text("ended at a limit of the run", "因运行达到限制而终止"),
}


def ending(track: Track) -> Text:
    """E.g. ``ended as a daemon, SIGTERM``; of a track still alive, that how is not known."""
    words = _WORDS[track.end.cause if track.end else Cause.UNKNOWN]
    signal = track.end.signal if track.end else None
    return Text(f"{words.en}, {signal}", f"{words.zh}，{signal}") if signal else words
