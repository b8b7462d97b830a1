"""How a track ended, in the words of both languages."""

from __future__ import annotations

from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import Cause

_WORDS = {
    Cause.RETURNED: Text(en="returned", zh="正常返回"),
    Cause.RAISED: Text(en="raised", zh="抛出异常"),
    Cause.EXIT: Text(en="left by sys.exit", zh="由 sys.exit 退出"),
    Cause.SIGNAL: Text(en="ended by a signal", zh="被信号终止"),
    Cause.DAEMON: Text(en="ended as a daemon", zh="作为守护进程被终止"),
    Cause.WITH_PROCESS: Text(en="gone with its process", zh="随进程消失"),
    Cause.CANCELLED: Text(en="cancelled", zh="被取消"),
    Cause.NEVER_AWAITED: Text(en="never awaited", zh="从未被 await"),
    Cause.UNKNOWN: Text(en="how is not known", zh="结束方式未知"),
    Cause.STOPPED: Text(en="stopped with the run", zh="随运行被停止"),
    Cause.LIMIT: Text(en="ended at a limit of the run", zh="因运行达到限制而终止"),
}


def ending(track: Track) -> Text:
    """E.g. ``ended as a daemon, SIGTERM``; of a track still alive, that how is not known."""
    words = _WORDS[track.end.cause if track.end else Cause.UNKNOWN]
    signal = track.end.signal if track.end else None
    return Text(en=f"{words.en}, {signal}", zh=f"{words.of('zh')}，{signal}") if signal else words
