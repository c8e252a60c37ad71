"""The documents keep their word: links lead somewhere, and facts are those of the package."""

import re
import subprocess
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

import nekogao
from nekogao.bench.suite import SECTIONS
from nekogao.config.compose import DEFAULT, GENERATORS, compose, recipes
from nekogao.pictures import domains
from nekogao.pictures.domains import Domain, built_in
from nekogao.studies.measured import MEASURES

PACKAGE = Path(nekogao.__file__).parent
ROOT = Path(__file__).parent.parent


def kept():
    """Files that are committed, or will be: whatever git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name for name in listed.stdout.split("\0") if (ROOT / name).is_file()}


KEPT = kept()
DOCUMENTS = sorted(name for name in KEPT if name.endswith(".md"))


def text(document):
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document, language=""):
    """The code blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text(document), re.M | re.S)


def prose(document):
    """A document without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text(document), flags=re.M | re.S))


def anchors(document):
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document) + "\n", re.M)
    with_code = re.findall(r"^#+ (.+)$", text(document), re.M)
    kept_letters = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings + with_code)
    return {heading.strip().replace(" ", "-") for heading in kept_letters}


def links(document):
    found = re.findall(r"\]\(([^()\s]+)\)", prose(document))
    return [link for link in found if not re.match(r"\w+:", link)]


def test_there_are_documents_with_links():
    assert {"README.md", "README.ja.md", "CONTRIBUTING.md", "docs/guide.md"} <= set(DOCUMENTS)
    assert sum(len(links(document)) for document in DOCUMENTS) > 20


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_to_a_committed_file_and_a_heading(document):
    for link in links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        name = target.resolve().relative_to(ROOT.resolve()).as_posix()
        inside = name in KEPT or any(file.startswith(f"{name}/") for file in KEPT)
        assert inside, f"{document}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(name), f"{document}: {link} leads to no heading"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_and_files_that_a_document_names_exist(document):
    for name in set(re.findall(r"\bnekogao(?:\.[a-z]\w*)+", text(document))):
        module, _, attribute = name.rpartition(".")
        if not (PACKAGE.parent / Path(*name.split("."))).with_suffix(".py").is_file():
            assert hasattr(import_module(module), attribute), f"{document}: {name}"
    for name in set(
        re.findall(r"\b(?:nekogao|tests|docs)/[\w/.-]+\.(?:py|toml|md)", text(document))
    ):
        assert name in KEPT, f"{document}: {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_say_edges_except_where_they_quote(document):
    own = re.sub(r"\*[^*]+\*", "", text(document).replace("**", ""))
    assert not re.search("contour|輪郭", own.replace("「輪郭」", ""), re.I)


def test_the_drawing_of_the_design_names_every_module():
    drawn = blocks("docs/design.md", "text")[1]
    found, folder = set(), ""
    for line in drawn.splitlines():
        word = line[3:].split(" ")[0]
        if word.endswith("/"):
            folder = word.removesuffix("/")
        elif word:
            found.add(word)
            folder = ""
        elif line.strip():
            found.add(f"{folder}.{line.split()[0]}")
    modules = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("__")
    }
    assert found == modules


# The guide


def rows(document, first):
    """The rows of the table whose head begins with `first`: first cell -> the rest."""
    table = re.search(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text(document), re.M)
    cells = (line.strip("| \n").split(" | ", 1) for line in table[1].splitlines())
    return {name.strip("`"): rest for name, rest in cells}


def settings(recipe):
    config = compose(recipe)
    return config, config.model.generator, config.model.adversary, config.model.optimizer


def facts():
    fast, generator, judge, muon = settings("fast")
    yield "fast", "the default", DEFAULT == "fast"
    yield "fast", "an encoder-decoder", generator.skips == "innermost"
    yield "fast", "patches of an eighth of the longer side", generator.patch * 8 >= 512
    yield "fast", "no adversary", judge.kind == "none"
    weights = fast.model.losses
    yield (
        "fast",
        "by Muon on pixels and structure",
        muon.kind == "muon" and weights.l1 and weights.ssim,
    )
    yield "fast", "all domains mixed", [p.partition(":")[0] for p in fast.phases] == ["all"]
    yield "fast", "earlier phases replayed", fast.replay == 0.5
    _, generator, judge, _ = settings("article")
    yield "article", "broken adversary", judge.kind == "article"
    yield "article", "the 2018 article's network", generator.decoder == "narrow"
    yield "article", "normalisation", (generator.norm_eps, generator.norm_momentum) == (1e-3, 0.01)
    _, generator, judge, adam = settings("pix2pix")
    yield "pix2pix", "U-Net", generator.skips == "all" and generator.patch == 1
    yield "pix2pix", "70x70 PatchGAN", (judge.kind, judge.patch) == ("patchgan", "70")
    yield "pix2pix", "Adam settings", (adam.lr, adam.beta1, adam.beta2) == (2e-4, 0.5, 0.999)
    one, generator, judge, _ = settings("one-pair")
    yield "one-pair", "all skips", generator.skips == "all"
    yield "one-pair", "instance normalisation", generator.normalisation == "instance"
    yield "one-pair", "one update per epoch", one.batch == 1
    yield "one-pair", "no adversary", judge.kind == "none"


def test_the_guide_lists_the_recipes():
    assert set(rows("docs/guide.md", "recipe")) == set(recipes())


@pytest.mark.parametrize(("recipe", "words", "so"), list(facts()))
def test_what_the_guide_says_of_a_recipe_is_so(recipe, words, so):
    assert words in rows("docs/guide.md", "recipe")[recipe]
    assert so


def test_a_normalisation_that_the_guide_or_a_recipe_names_is_the_recipes_own():
    for recipe, words in [*rows("docs/guide.md", "recipe").items(), *recipes().items()]:
        for kind in re.findall(r"\b(batch|group|instance|no) normalisation", words):
            assert kind == compose(recipe).model.generator.normalisation, recipe


def test_only_fast_replays_as_the_guide_says():
    assert {name for name in recipes() if compose(name).replay} == {"fast"}


def test_the_guide_names_generators_measures_and_domains():
    guide = text("docs/guide.md")
    for name in [*GENERATORS, *domains.KINDS]:
        assert f"`{name}`" in guide, name
    listed = re.search(r'measures = \["retention"\] +# also (.+)', guide)[1]
    assert {"retention", *listed.split(", ")} == set(MEASURES)
    assert f"{Domain.low} and {Domain.high} unless given" in guide


def test_sections_of_the_bench_that_documents_name_exist():
    for document in DOCUMENTS:
        for names in re.findall(r"--only\s+((?:[a-z0-9-]+ ?)+)", text(document)):
            assert set(names.split()) <= set(SECTIONS), f"{document}: {names}"


# CONTRIBUTING


def test_the_example_of_a_new_domain_works_as_it_is_written(
    monkeypatch, pair_set, faces, tmp_path
):
    function, entry, test = blocks("CONTRIBUTING.md", "python")
    names = dict(vars(domains))
    exec(function + entry, names)
    monkeypatch.setattr(domains, "KINDS", names["KINDS"])
    tested = {"np": np, "built_in": built_in}
    exec(test, tested)
    tested["test_a_mosaic_shows_the_mean_of_every_block"]()
    config = nekogao.PairConfig(size=32, domains=("mosaic", "gray"))
    assert nekogao.build_pairs(faces, tmp_path / "set", config) == 4
    assert nekogao.PairSet.open(tmp_path / "set").domains == ["mosaic", "gray"]


def test_there_is_one_version():
    assert re.search(r"^version: (\S+)$", text("CITATION.cff"), re.M)[1] == nekogao.__version__
    project = text("pyproject.toml").partition("[project]")[2].partition("\n[")[0]
    assert not re.search(r"^version =", project, re.M), "setuptools asks the package"
