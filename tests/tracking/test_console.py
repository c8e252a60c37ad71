import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from nekogao.runs.events import Finished, Interrupted, Measured, Saved, Started, Stepped, Switched
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement, stages
from nekogao.runs.unseen import NeverSeen, Quality
from nekogao.tracking import console

ROW = Measurement(step=1, epoch=3.0, phase=1, domain="gray", ssim=0.5, mae=0.25, psnr=12.0,
                  skill=0.1, identity=0.4)  # fmt: skip
EVENTS = [
    Started(0, 9, "cpu"),
    Stepped(1, 9, "gray:9", {"l1": 0.5, "discriminator": 0.1}, 2.0),
    Measured(1, (ROW,)),
    Saved(1, Path("x.pt")),
    Switched(1, "edges:3"),
    Finished(9, already=False),
]


def test_plain_lines_show_progress_losses_and_time_left(capsys, monkeypatch):
    monkeypatch.setattr(console, "_PLAIN_SECONDS", -1.0)
    assert console.show(EVENTS) is False
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "starting, 9 updates in all, on cpu",
        "  update 1/9  gray:9  l1 0.500  D 0.100  about 16 s left",
        "  epoch    3.0  gray: SSIM 0.500  MAE 0.2500  skill 0.10  identity 40%",
        "switching to edges:3 after update 1",
        "finished after 9 updates",
    ]


def test_an_interruption_is_reported(capsys):
    assert console.show([Started(4, 9, "cpu"), Interrupted(5)]) is True
    out = capsys.readouterr().out
    assert "going on from update 4" in out and "same command resumes" in out


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert console.show(EVENTS) is False
    assert "SSIM 0.500" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_ends(number, capsys):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), console.stop_on_signal() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
    assert "Stopping after this update" in capsys.readouterr().err


def test_the_table_shows_every_domain_after_every_phase(finished, capsys):
    run = Run(finished)
    console.print_stages(stages(run.read_metrics(), run.config().phases))
    out = capsys.readouterr().out
    assert out.count("gray:2") == 2 and out.count("before training") == 2


def test_one_line_per_domain_says_what_was_never_seen(capsys):
    measured = NeverSeen(
        domain="edges", pairs=10, others=9, left_out=True, trained=True,
        answers=Quality(0.0196, 0.913, 1.0), retrieved=Quality(0.0397, 0.752, 1.0),
    )  # fmt: skip
    console.print_unseen([measured, replace(measured, left_out=False, pairs=1, retrieved=None)])
    assert capsys.readouterr().out.splitlines() == [
        "never seen  edges: SSIM 0.913  MAE 0.0196  (nearest pair 0.752, 0.0397), 10 pairs, "
        "each from the others",
        "never seen  edges: SSIM 0.913  MAE 0.0196, 1 pair, never trained on",
    ]
