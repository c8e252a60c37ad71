import os
import select

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
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    code = (
        f"import time; pipe = open({str(pipe)!r}, 'w'); print(end='ready', file=pipe, flush=True)"
    )
    with processes.Process(["-c", f"{code}; time.sleep(600)"]) as process:
        assert select.select([reading], [], [], 60)[0] and os.read(reading, 9) == b"ready"
        assert process.running
    assert not process.running
    assert select.select([reading], [], [], 60)[0]  # the pipe is closed as its process ends
    assert os.read(reading, 9) == b""
    os.close(reading)
