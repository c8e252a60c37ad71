import weakref
from pathlib import Path

import numpy as np
import pytest

from nekogao.reasons.answers import ask, reach
from tests.reasons.networks import (
    FACES,
    Constant,
    Copy,
    Lookup,
    Negative,
    noise,
    subject,
    without_levels,
)


def one(kind, picture):
    (answer,) = ask(subject(kind), "output", [(Path("a.png"), picture)])
    return answer


@pytest.mark.parametrize("face", range(4))
def test_a_lookup_gives_one_face_whole(face):
    answer = one(Lookup, FACES[face])
    assert answer.face == face and answer.share == pytest.approx(1, abs=1e-3)
    assert answer.made_of.span.r2 == pytest.approx(1, abs=1e-3)
    assert answer.made_of.span.effective == pytest.approx(1, abs=0.02)
    assert answer.made_of.copied == pytest.approx(0, abs=1e-3)
    assert answer.settling.kind == "fixed" and answer.settling.stored
    assert answer.settling.face == face and answer.settling.turns == 1
    assert all(f.face == face and f.place == 0 for f in answer.findings.values())
    assert not answer.oddities


def test_a_copy_differs_from_memory():
    answer = one(Copy, noise(0))
    assert answer.made_of.span.r2 < 0.1 and answer.made_of.copied > 0.9
    assert answer.settling.kind == "fixed" and not answer.settling.stored
    assert answer.oddities == ["spurious: settles away from every training face",
                               "not made of the training faces"]  # fmt: skip


def test_a_loop_that_goes_round_is_a_cycle():
    answer = one(Negative, noise(1))
    assert answer.settling.kind == "cycle" and "ends in a cycle" in answer.oddities


def test_a_finding_counts_the_faces_that_are_nearer():
    answer = one(Constant, FACES[2])
    assert answer.face == 0 and answer.findings["pixels"].face == 2
    assert answer.findings["pixels"].place >= 1


def test_a_picture_of_any_size_is_brought_to_the_networks():
    answer = one(Lookup, noise(2, 50))
    assert answer.picture.shape == (32, 32, 3) and answer.source.shape == (32, 32)


def test_the_reach_of_a_face_is_half_the_way_to_the_next():
    targets = np.stack([np.full((2, 2, 3), v, np.float32) for v in (0.0, 0.4, 1.0)])
    assert [round(reach(targets, i), 6) for i in range(3)] == [0.2, 0.2, 0.3]
    assert reach(targets[:1], 0) == 0.25


def test_one_face_has_no_runner_up():
    (answer,) = ask(subject(Constant, FACES[:1]), "output", [(Path("a.png"), noise(0))])
    assert answer.runner_up is None and answer.share == pytest.approx(1)


def test_nothing_shown_nothing_answered():
    assert list(ask(subject(Copy), "output", [])) == []


def test_pictures_are_read_a_few_at_a_time_and_dropped_at_full_size():
    read: list[weakref.ref] = []

    def large():
        for i in range(40):
            picture = noise(i, 64)
            read.append(weakref.ref(picture))
            yield Path(f"{i}.png"), picture

    answers = ask(subject(Copy), "output", large())
    first = next(answers)
    assert first.picture.shape == (32, 32, 3) and len(read) < 40
    kept = [first, *answers]
    assert len(kept) == len(read) == 40
    assert not any(picture() is not None for picture in read)


def test_chunks_do_not_change_the_answers():
    pictures = [(Path(f"{i}.png"), noise(i)) for i in range(20)]
    together = list(ask(subject(Lookup), "output", pictures))
    alone = [one(Lookup, picture) for _, picture in pictures]
    assert [a.path for a in together] == [path for path, _ in pictures]
    assert [a.face for a in together] == [a.face for a in alone]
    assert all(np.array_equal(a.output, b.output) for a, b in zip(together, alone, strict=True))


def test_only_the_view_of_the_map_is_kept():
    (answer,) = ask(without_levels(Lookup), "output", [(Path("a.png"), FACES[1])])
    assert answer.features.shape == (3 * 32 * 32,) and "output-distance" in answer.findings
    assert not any(name.startswith("level-") for name in answer.findings)
    who = subject(Lookup)
    (answer,) = ask(who, "level-5", [(Path("a.png"), FACES[1])])
    assert answer.features.shape == who.views["level-5"].shape[1:]
