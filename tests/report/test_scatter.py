import numpy as np

from nekogao.report import scatter


def test_marks_never_hide_each_other_and_stay_on_the_map():
    rng = np.random.default_rng(0)
    faces, pictures = scatter.marks(rng.normal(size=(10, 2)), np.zeros((30, 2)))
    marks = faces + pictures
    for i, a in enumerate(marks):
        assert a.side / 2 <= a.x <= scatter.WIDTH - a.side / 2
        assert a.side / 2 <= a.y <= scatter.HEIGHT - a.side / 2
        for b in marks[:i]:
            apart = max(abs(a.x - b.x), abs(a.y - b.y))
            assert apart > 0.8 * (a.side + b.side) / 2


def test_every_face_has_a_colour_of_its_own():
    assert len(set(scatter.colours(30))) == 30
