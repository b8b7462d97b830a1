"""Programs that damage the probe's own files: the worker goes on to the end of their runs.

What is counted and said then depends on what was read before, so it is tested with the reader alone
(tests/witness/test_hostile_rings.py).
"""

from __future__ import annotations

import pytest

from tests.worker.driver import Driver, spec

pytestmark = pytest.mark.real

#: The damage is done by a child without a probe: one that writes into a file that it shortened
#: itself would be ended by SIGBUS.
PROGRAM = """
import os, subprocess, sys, threading
DAMAGE = '''
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
{damage}
'''
threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()
folder = os.environ["TIMESLICE_RING_DIR"]
subprocess.run([sys.executable, "-I", "-S", "-c", DAMAGE, folder], check=True)
print('still here', flush=True)
"""

DAMAGES = {
    "shortened": "for ring in folder.glob('ring-*'): os.truncate(ring, 0)",
    "head": (
        "for ring in folder.glob('ring-*'):\n"
        "    fd = os.open(ring, os.O_RDWR)\n"
        "    os.pwrite(fd, (1 << 63).to_bytes(8, 'little'), 24)"
    ),
    "scribbled over": (
        "for ring in folder.glob('ring-*'):\n"
        "    fd = os.open(ring, os.O_RDWR)\n"
        "    os.pwrite(fd, os.urandom(os.fstat(fd).st_size), 0)"
    ),
    "replaced": (
        "for ring in folder.glob('ring-*'): ring.unlink(); os.mkfifo(ring)\n"
        "os.mkfifo(folder / 'ring-1-1-1')\n"
        "os.symlink('/dev/zero', folder / 'ring-1-1-2')\n"
        "os.mkdir(folder / 'ring-1-1-3')"
    ),
    "junk": ("for n in range(20_000): (folder / f'ring-1-1-{n}').write_bytes(b'TSLR' * 30)"),
    "folder": "import shutil; shutil.rmtree(folder); folder.symlink_to('/proc/self/fd')",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_rings_cost_a_run_neither_its_end_nor_its_output(damage: str) -> None:
    code = PROGRAM.replace("{damage}", DAMAGES[damage])
    with Driver(spec(code)) as worker:
        timeline = worker.end()
    assert worker.process.returncode == 0, worker.complaints()
    assert timeline.state == "ended"
    if damage not in ("shortened", "scribbled over"):  # may be the end of the program itself
        assert timeline.text_of() == "still here\n"
        assert timeline.run["exit"] == {"cause": "returned", "code": 0, "signal": None}
