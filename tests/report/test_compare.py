import re
import shutil

import pytest

import nekogao
from nekogao.cli import main
from nekogao.errors import InputError, RunError
from nekogao.report.compare import build_comparison, names
from nekogao.report.legend import WORDS


@pytest.fixture(scope="module")
def second(pair_set, tmp_path_factory):
    """A run of another length, with other skips, on the same pairs."""
    run = tmp_path_factory.mktemp("second") / "run"
    config = nekogao.compose(
        None, phases=["edges:2"], generator="unet",
        overrides={"generator.width": 2, "batch": 3, "every": 1},
    )  # fmt: skip
    list(nekogao.train(run, pair_set, config))
    return run


def test_runs_are_set_side_by_side(finished, second, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main(["compare", str(finished), str(second), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out.resolve())
    page = out.read_text(encoding="utf-8")
    assert "2 runs side by side" in page and "trained on the same 4 pairs" in page
    assert page.count("data:image/jpeg") == 4 and page.count("<svg") == 1
    rows = dict(re.findall(r"<tr><th>([\w.]+)</th>((?:<td>[^<]*</td>)+)", page))
    assert rows["generator.skips"].endswith("<td>&#34;all&#34;</td>")
    assert "seed" not in rows and "phases" in rows
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    for word, meaning in WORDS.items():
        assert f"<dt>{word}</dt><dd>{meaning.partition(';')[0]}" in page


@pytest.mark.parametrize(("count", "message"), [(1, "1 runs to compare"), (7, "7 runs")])
def test_one_run_and_too_many_are_refused(finished, tmp_path, count, message):
    with pytest.raises(InputError, match=message):
        build_comparison([finished] * count, tmp_path / "page.html")


def test_what_cannot_be_compared_is_refused_in_one_line(finished, second, tmp_path, capsys):
    page = tmp_path / "page.html"
    with pytest.raises(InputError, match="is named twice"):
        build_comparison([finished, finished], page)
    with pytest.raises(RunError, match="no such folder"):
        build_comparison([finished, tmp_path / "absent"], page)
    (tmp_path / "taken.html").write_text("mine")
    with pytest.raises(InputError, match=r"taken\.html: exists already"):
        build_comparison([finished, second], tmp_path / "taken.html")
    with pytest.raises(InputError, match="absent: no such folder"):
        build_comparison([finished, second], tmp_path / "absent" / "page.html")
    assert main(["compare", str(finished)]) == 2
    assert "name at least two runs" in capsys.readouterr().err
    assert not page.exists() and (tmp_path / "taken.html").read_text() == "mine"


def test_folders_that_are_called_alike_are_told_apart(tmp_path):
    places = [tmp_path / "a" / "run", tmp_path / "b" / "run", tmp_path / "other"]
    assert names(places) == ["a/run", "b/run", "other"]


def test_the_words_are_said_one_a_line(capsys):
    assert main(["words"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == list(WORDS)
    assert all(line.endswith(".") for line in said)


def test_every_page_has_the_legend(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    page = nekogao.build_report(run).read_text(encoding="utf-8")
    assert all(f"<dt>{word}</dt>" in page for word in WORDS)
