"""Replacing functions by hooks. The conventions of every hook:

* A hook records *before* the call what another thread may answer to, such as a release or a send,
  so that the answer is never older; it records *after* the call what only then is true.
* A wait is an ENTER before the call and a LEAVE after it (``recording/waiting``). Inside of a wait
  a thread's ``depth`` is above 0, and inner calls report no wait of their own.
* An attribute can be watched, too: its class gets a data descriptor with ``__set__`` and without
  ``__get__``. Setting the attribute is seen; reading it is left to the object's own dictionary.
* Objects are known by ids, kept in their attribute ``_timeslice`` where they can have one.
* What fails inside a hook is noted (``recording/faults``), and the program goes on without it.
  While an interpreter ends, it may refuse every import: hooks that load more expect that.
"""
