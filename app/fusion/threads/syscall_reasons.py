"""What a thread waits for in a system call that was seen in /proc."""

from __future__ import annotations

from app.timeline.records import SyscallSample
from app.timeline.states import Reason

_OF_SITE = {"pipe": Reason.PIPE, "socket": Reason.SOCKET, "file": Reason.FILE}
_OF_NAME = {
    "nanosleep": Reason.SLEEP,
    "clock_nanosleep": Reason.SLEEP,
    "select": Reason.POLL,
    "pselect6": Reason.POLL,
    "poll": Reason.POLL,
    "ppoll": Reason.POLL,
    "epoll_wait": Reason.POLL,
    "epoll_pwait": Reason.POLL,
    "wait4": Reason.WAIT_CHILD,
    "waitid": Reason.WAIT_CHILD,
    "accept": Reason.SOCKET,
    "accept4": Reason.SOCKET,
    "recvfrom": Reason.SOCKET,
    "recvmsg": Reason.SOCKET,
    "recvmmsg": Reason.SOCKET,
    "sendto": Reason.SOCKET,
    "sendmsg": Reason.SOCKET,
    "sendmmsg": Reason.SOCKET,
    "connect": Reason.SOCKET,
    "flock": Reason.FILE,
    "epoll_pwait2": Reason.POLL,
    "fsync": Reason.FILE,
    "fdatasync": Reason.FILE,
}


def reason_of_call(sample: SyscallSample) -> Reason:
    """The reason by the kind of the call's descriptor, else by the call's name, else OTHER."""
    reason = _OF_NAME.get(sample.name)
    if reason is None or not sample.name.startswith("epoll_"):
        # poll() of a single descriptor is a wait for it; epoll is an event loop even then.
        reason = _OF_SITE.get(sample.site, reason)
    return reason or Reason.OTHER
