import subprocess
import sys

import pytest

from nekogao.training import allocator


def test_freed_memory_is_kept_for_the_next_step():
    # Blocks of 32 MiB are fetched from the system once, not every time that they are asked for.
    code = (
        "import resource, numpy\n"
        "from nekogao.training.allocator import keep_freed_memory\n"
        "kept = keep_freed_memory()\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(3): numpy.ones(2**22)\n"
        "before = faults()\n"
        "for _ in range(10): numpy.ones(2**22)\n"
        "print(int(kept), faults() - before)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept, faults = map(int, out.stdout.split())
    assert not kept or faults < 2**22 * 8 / 4096  # ten times as many otherwise


def test_it_can_be_undone():
    assert allocator.release_freed_memory() == allocator.keep_freed_memory()


def test_what_was_kept_goes_back():
    code = (
        "import re, numpy\n"
        "from nekogao.training.allocator import keep_freed_memory, release_freed_memory\n"
        "def held():\n"
        "    status = open('/proc/self/status').read()\n"
        "    return int(re.search(r'VmRSS:\\s+(\\d+)', status)[1])\n"
        "kept = keep_freed_memory()\n"
        "numpy.ones(2**22)\n"
        "full = held()\n"
        "release_freed_memory()\n"
        "print(int(kept), full - held())"
    )
    if sys.platform != "linux":
        pytest.skip("asks Linux how much memory it holds")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept, given = map(int, out.stdout.split())
    assert not kept or given > 30 * 1024  # of 32 MiB


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not allocator.keep_freed_memory() and not allocator.release_freed_memory()
