import numpy as np

from nekogao.report import scatter


def test_marks_never_hide_each_other_and_stay_on_the_map():
    rng = np.random.default_rng(0)
    names = [f"face-{number}" for number in range(9)] + ["a name that goes on and on"]
    faces, pictures = scatter.marks(rng.normal(size=(10, 2)), np.zeros((30, 2)), names)
    assert [mark.label for mark in faces[8:]] == ["face-8", "a name that…"]
    for face in faces:
        top, bottom = face.y + face.side / 2, face.y + face.side / 2 + scatter.LABEL
        assert bottom <= scatter.HEIGHT
        for other in [*pictures, *(mark for mark in faces if mark is not face)]:
            beside = abs(other.x - face.x) > 0.8 * (other.side + face.side) / 2
            above, below = other.y - other.side / 2, other.y + other.side / 2
            assert beside or below < top + 4 or above > bottom - 4, "a name lies on a mark"
    marks = faces + pictures
    for i, a in enumerate(marks):
        assert a.side / 2 <= a.x <= scatter.WIDTH - a.side / 2
        assert a.side / 2 <= a.y <= scatter.HEIGHT - a.side / 2
        for b in marks[:i]:
            apart = max(abs(a.x - b.x), abs(a.y - b.y))
            assert apart > 0.8 * (a.side + b.side) / 2


def test_every_face_has_a_colour_of_its_own():
    assert len(set(scatter.colours(30))) == 30
