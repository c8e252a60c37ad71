import time

import pytest

from nekogao.bench import processes
from nekogao.errors import RunError


def test_a_process_reports_its_seconds_its_memory_and_what_it_printed():
    code = "import nekogao, time; block = bytearray(64 << 20); time.sleep(0.1); print('ready')"
    usage = processes.run("-c", code)
    assert usage.output == "ready\n" and usage.seconds >= 0.1
    assert 64 << 20 < usage.peak < 200 << 20  # not that of this process, which holds torch


def test_a_process_that_fails_is_reported_with_its_last_line():
    with pytest.raises(RunError, match="`python -c .*` ended with status 3: worse"):
        processes.run("-c", "import sys; print('bad\\nworse', file=sys.stderr); sys.exit(3)")


def test_a_process_is_ended_with_its_block(tmp_path):
    beat = tmp_path / "beat"
    code = f"import time\nwhile True: open({str(beat)!r}, 'a').write('.'); time.sleep(0.01)"
    with processes.Process(["-c", code]) as process:
        while not beat.exists():
            time.sleep(0.01)
        assert process.running
    time.sleep(0.1)
    size = beat.stat().st_size
    time.sleep(0.1)
    assert not process.running and beat.stat().st_size == size
