"""Finishes the image: the ordinary user, the data folder, the interpreter with CAP_PERFMON.

Run by the Dockerfile as root. The capability is written as the file's extended attribute
(capabilities(7), struct vfs_cap_data of linux/capability.h), which saves a package in the image.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

CAP_PERFMON = 38
VFS_CAP_REVISION_2 = 0x02000000
VFS_CAP_FLAGS_EFFECTIVE = 1

HOME = Path("/opt/timeslice")
DATA = Path("/data")
USER_ID = 10001


def main() -> None:
    user = ["useradd", "--uid", str(USER_ID), "--no-create-home", "--home-dir", str(DATA)]
    subprocess.run([*user, "--shell", "/usr/sbin/nologin", "timeslice"], check=True)
    DATA.mkdir()
    os.chown(DATA, USER_ID, USER_ID)
    # A copy, not a link: the programs that are watched run on the plain interpreter.
    worker = HOME / "bin" / "python-perfmon"
    shutil.copy(os.path.realpath(HOME / "bin" / "python"), worker)
    bit = 1 << CAP_PERFMON
    low, high = bit & 0xFFFFFFFF, bit >> 32
    flags = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE
    os.setxattr(worker, "security.capability", struct.pack("<5I", flags, low, 0, high, 0))


if __name__ == "__main__":
    main()
