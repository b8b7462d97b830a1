"""How a track ended, in a few words: the same ones in the terminal, in claims and on pages.

The page's scripts have the English of these words, and get the others from here.
"""

from __future__ import annotations

from app.locale.text import Text
from app.timeline.limits import limit_name
from app.timeline.model import Ending
from app.timeline.states import Cause

WORDS = {
    Cause.RETURNED: Text(en="returned", zh="正常返回"),
    Cause.RAISED: Text(en="raised {exception}", zh="抛出 {exception}"),
    Cause.EXIT: Text(en="exit {code}", zh="退出码 {code}"),
    Cause.SIGNAL: Text(en="ended by {signal}", zh="被 {signal} 终止"),
    Cause.DAEMON: Text(en="ended as a daemon", zh="作为守护进程被终止"),
    Cause.WITH_PROCESS: Text(en="vanished with its process", zh="随进程消失"),
    Cause.CANCELLED: Text(en="cancelled", zh="被取消"),
    Cause.NEVER_AWAITED: Text(en="never awaited", zh="从未被 await"),
    Cause.UNKNOWN: Text(en="ended, how is not known", zh="结束方式未知"),
    Cause.STOPPED: Text(en="stopped with the run", zh="随运行被停止"),
    Cause.LIMIT: Text(
        en="ended with the run at its limit of {limit}", zh="因运行达到上限（{limit}）而终止"
    ),
}
#: Words that don't name the signal themselves; it follows them.
_WITH_SIGNAL = Text(en="{words}, {signal}", zh="{words}，{signal}")
_FROM = Text(en="ended by {signal} from {sender}", zh="被 {sender} 发送的 {signal} 终止")
_FROM_OUTSIDE = Text(
    en="ended by {signal} from outside the run", zh="被来自运行之外的 {signal} 终止"
)


def ending(end: Ending | None, sender: str = "") -> Text:
    """E.g. ``ended as a daemon, SIGTERM``; of a track that lives, that how is not known.

    ``sender`` is the name of the track that sent the signal.
    """
    if end is None:
        return WORDS[Cause.UNKNOWN]
    cause, signal = end.cause, end.signal
    if cause is Cause.SIGNAL:
        return _by_signal(end, sender)
    if cause is Cause.RETURNED and end.code:
        cause = Cause.EXIT  # a process that returned with a status
    words = WORDS[cause].filled(
        exception=end.exception or "?",
        code=0 if end.code is None else end.code,
        limit=limit_name(end.limit or "?"),
    )
    return _WITH_SIGNAL.filled(words=words, signal=signal) if signal else words


def _by_signal(end: Ending, sender: str) -> Text:
    signal = end.signal or "?"
    if end.sender == 0:
        return _FROM_OUTSIDE.filled(signal=signal)
    if sender:
        return _FROM.filled(signal=signal, sender=sender)
    return WORDS[Cause.SIGNAL].filled(signal=signal)
