"""Where in the kernel a thread sleeps (/proc/<pid>/task/<tid>/wchan, proc(5)).

Reading it takes less than the system call does: the right to look at a process, not to trace it
(PTRACE_MODE_READ, ptrace(2)). So it gives a reason where the call can't be read, and for threads
that sleep outside of any call, for instance in a page fault. It knows no object.
"""

from __future__ import annotations

import re

from app.witness import proc

#: Function of the kernel → the call that sleeps in it, and what it waits on. The names are those of
#: Linux 5.10 to 6.18; one that is not here is shown as it is.
_SLEEPS: dict[str, tuple[str, str]] = {
    "hrtimer_nanosleep": ("clock_nanosleep", ""),
    "do_nanosleep": ("clock_nanosleep", ""),
    "do_wait": ("wait4", ""),
    "kernel_wait4": ("wait4", ""),
    "futex_wait_queue": ("futex", ""),
    "futex_wait_queue_me": ("futex", ""),
    "futex_do_wait": ("futex", ""),
    "ep_poll": ("epoll_wait", ""),
    "do_epoll_wait": ("epoll_wait", ""),
    "poll_schedule_timeout": ("poll", ""),
    "do_poll": ("poll", ""),
    "do_sys_poll": ("poll", ""),
    "do_select": ("select", ""),
    "pipe_read": ("read", "pipe"),
    "anon_pipe_read": ("read", "pipe"),
    "pipe_wait_readable": ("read", "pipe"),
    "pipe_write": ("write", "pipe"),
    "anon_pipe_write": ("write", "pipe"),
    "pipe_wait_writable": ("write", "pipe"),
    "wait_for_partner": ("openat", "pipe"),
    "inet_csk_accept": ("accept", "socket"),
    "inet_csk_wait_for_connect": ("accept", "socket"),
    "inet_wait_for_connect": ("connect", "socket"),
    "unix_wait_for_peer": ("connect", "socket"),
    "unix_stream_read_generic": ("recvfrom", "socket"),
    "unix_stream_data_wait": ("recvfrom", "socket"),
    "__skb_wait_for_more_packets": ("recvfrom", "socket"),
    "sk_wait_data": ("recvfrom", "socket"),
    "tcp_recvmsg_locked": ("recvfrom", "socket"),
    "sk_stream_wait_memory": ("sendto", "socket"),
    "sock_alloc_send_pskb": ("sendto", "socket"),
    "locks_lock_inode_wait": ("flock", "file"),
    "flock_lock_inode_wait": ("flock", "file"),
    "posix_lock_inode_wait": ("fcntl", "file"),
    "do_lock_file_wait": ("fcntl", "file"),
    "fcntl_setlk": ("fcntl", "file"),
    "folio_wait_bit_common": ("read", "file"),
    "wait_on_page_bit_common": ("read", "file"),
    "do_fsync": ("fsync", "file"),
}
#: What the compiler adds to the name of a part of a function.
_PART = re.compile(r"\.(?:constprop|isra|part|cold)\.?\d*")


def sleeps_in(pid: int, tid: int) -> tuple[str, str]:
    """The call (or the kernel's function) and its site; ("", "") when running, or not known."""
    data = proc.read(f"/proc/{pid}/task/{tid}/wchan", 128) or b""
    name = _PART.sub("", data.decode(errors="replace"))
    if not name.isidentifier():
        return "", ""  # "0": it is running, or we may not know
    return _SLEEPS.get(name, (name, ""))
