import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import nekogao
from nekogao.errors import ConfigError, InputError, PictureError
from nekogao.models.options import Options
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs.folder import Run
from tests import networks
from tests.models.test_junyanz import weights as foreign_weights


@pytest.fixture(scope="module")
def translator(finished):
    return nekogao.load(finished)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def test_a_trained_face_comes_out_as_in_training(translator, finished, pair_set):
    found = PairSet.open(pair_set)
    sheet = images.read(finished / "previews" / "000012-gray.png")
    for i, target in enumerate(found.targets):
        output = translator(target, settle=0)
        assert np.array_equal(output, sheet[34:66, i * 34 : i * 34 + 32])


def test_arrays_pil_images_and_paths_give_the_same_answer(translator, photo, tmp_path):
    pixels = np.asarray(translator(photo))
    assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8
    images.write(tmp_path / "a.png", photo)
    for given in (Image.fromarray(photo), tmp_path / "a.png", str(tmp_path / "a.png")):
        answer = translator(given)
        assert isinstance(answer, nekogao.Answer)
        assert np.array_equal(answer, pixels) and np.array_equal(answer.picture, pixels)
    answer.save(tmp_path / "cat.png")
    assert np.array_equal(images.read(tmp_path / "cat.png"), pixels)
    with pytest.raises(PictureError, match="no such file"):
        translator("absent.png")


def test_the_last_domain_makes_the_source_unless_another_is_named(translator, photo):
    once = Options(settle=0)
    (gray,) = translator.translate([photo], once)
    assert np.array_equal(gray.source, images.luma(images.fit(photo, 32, "stretch")))
    assert (gray.domain, gray.why) == ("gray", "trained last")
    (edges,) = translator.translate([photo], replace(once, domain="edges"))
    assert set(np.unique(edges.source)) <= {0, 255} and (edges.domain, edges.why) == ("edges", "")
    (ready,) = translator.translate([gray.source], Options(domain="as-is"))
    assert np.array_equal(ready.output, gray.output) and ready.domain == "as-is"
    with pytest.raises(ConfigError, match="unknown domain 'depth': .* gray, edges"):
        translator.translate([photo], Options(domain="depth"))


def test_settling_feeds_the_output_back(translator, photo):
    (once,) = translator.translate([photo], Options(settle=0))
    (twice,) = translator.translate([once.output], Options(settle=0))
    (fed,) = translator.translate([photo], Options(settle=1))
    assert np.array_equal(fed.output, twice.output) and (fed.steps, fed.rest) == (1, None)
    with pytest.raises(ConfigError, match="settle needs a domain"):
        translator.translate([photo], Options(settle=1, domain="as-is"))


def test_an_encoder_decoder_settles_until_nothing_changes(translator, photo):
    answers = translator.translate([photo, photo[:9], photo[..., ::-1]])
    for answer in answers:
        assert answer.rest == "fixed" and answer.steps
        again = translator(answer.output, settle=1).output.astype(int)
        assert np.abs(again - translator(answer.output, settle=0).output).mean() < 1
    asked = translator(photo, settle="still")
    assert np.array_equal(asked, answers[0].output) and asked.steps == answers[0].steps


@pytest.mark.parametrize(
    ("skips", "turns"), [("none", "still"), ("innermost", "still"), ("inner3", 0), ("all", 0)]
)
def test_what_skips_hand_on_is_one_pass(skips, turns):
    asked = networks.translator(size=64, skips=skips)
    domain = asked.domain("gray")
    assert asked.turns(Options(), domain) == turns
    assert asked.turns(Options(), None) == 0
    assert asked.turns(Options(settle=4), domain) == 4


def test_pictures_of_several_domains_settle_each_through_its_own(translator, photo):
    given = [translator.fitted(photo, Options(domain=name)) for name in ("gray", "edges", "gray")]
    mixed = list(translator.results(given, Options()))
    for name, answer in zip(("gray", "edges", "gray"), mixed, strict=True):
        alone = translator(photo, domain=name)
        assert answer.domain == name and answer.steps == alone.steps
        assert np.abs(answer.output.astype(int) - alone.output).max() <= 1


def test_an_answer_says_how_it_came_about(translator, photo, pair_set):
    answer = translator(photo, nearest=True)
    assert answer.nearest in translator.model.faces and 0 <= answer.confidence <= 1
    assert sum(share for _, share in answer.faces) == pytest.approx(1)
    shares = [share for _, share in answer.faces]
    assert shares == sorted(shares, reverse=True) and min(shares) > 0
    said = repr(answer)
    assert said.startswith("Answer(32x32, by gray (trained last), settled in ")
    assert f"nearest face {answer.nearest}; {answer.faces[0].face} " in said
    page = answer._repr_html_()
    assert page.count("data:image/png;base64,") == 3 and "by gray (trained last)" in page
    with pytest.raises(ConfigError, match="colour: is no option. Choose from domain, fit"):
        translator(photo, colour="red")


def test_a_copy_of_a_face_is_a_sure_answer(translator, pair_set):
    found = PairSet.open(pair_set)
    known = translator.remembered
    for item, target in zip(found.items, found.targets, strict=True):
        near = known.nearest(target)
        assert near.face == item.id and near.distance < 0.01 and near.confidence > 0.9
        assert known.shares(target)[0].face == item.id and known.shares(target)[0].share > 0.95
    first, second = (target.astype(float) for target in found.targets[:2])
    blend = ((first + second) / 2).astype(np.uint8)
    assert known.nearest(blend).confidence < 0.2
    assert {face for face, _ in known.shares(blend)[:2]} == {i.id for i in found.items[:2]}


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_outputs_can_get_their_own_size_back(translator, photo, fit):
    (result,) = translator.translate([photo], Options(restore=True, fit=fit))
    assert result.output.shape == ((40, 40, 3) if fit == "crop" else (40, 60, 3))


def test_a_batch_gives_what_single_pictures_give(translator, photo):
    pictures = [photo, photo[:10], photo[..., ::-1]]
    together = translator.translate(pictures, Options(settle=0))
    for picture, result in zip(pictures, together, strict=True):
        alone = translator.translate([picture], Options(settle=0))[0].output.astype(int)
        assert np.abs(alone - result.output).max() <= 1


def test_a_row_shows_picture_source_output_and_nearest_face(translator, photo):
    (result,) = translator.translate([photo], Options(nearest=True))
    assert translator.row(result).shape == (32, 4 * 34 - 2, 3)
    assert result.nearest in translator.model.faces


def test_a_row_shows_the_face_itself_where_its_pair_set_is_at_hand(finished, pair_set, tmp_path):
    run, face = Run(finished), PairSet.open(pair_set).targets[2]
    name = PairSet.open(pair_set).items[2].id
    asked = nekogao.load(finished)
    asked.originals = run.face
    (result,) = asked.translate([face], Options(nearest=True))
    shown = replace(result, nearest=name)
    assert np.array_equal(asked.row(shown)[:, -32:], images.rgb(face))
    assert run.face("nobody") is None
    shutil.copytree(finished, tmp_path / "far" / "run")
    (tmp_path / "far" / "run" / "local.toml").unlink(missing_ok=True)
    assert Run(tmp_path / "far" / "run").face(name) is None


def test_a_foreign_network_takes_ready_sources(tmp_path, photo):
    torch.save(foreign_weights(), tmp_path / "net.pth")
    foreign = nekogao.load(tmp_path / "net.pth")
    (result,) = foreign.translate([photo])
    source = images.to_tensor([images.luma(images.fit(photo, 128, "stretch"))])
    with torch.no_grad():
        expected = images.from_tensor(foreign.model.network(source))[0]
    assert np.array_equal(result.output, expected)
    with pytest.raises(ConfigError, match="holds no training faces"):
        foreign.translate([photo], Options(nearest=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((8, 8, 3)), "float64"),
        (np.zeros((8, 8, 4), np.uint8), r"\(8, 8, 4\)"),
        (np.zeros((0, 8, 3), np.uint8), r"\(0, 8, 3\)"),
        (np.zeros(8, np.uint8), r"\(8,\)"),
        (None, "a picture of type NoneType"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(translator, wrong, message):
    with pytest.raises(InputError, match=message) as caught:
        translator(wrong)
    assert "\n" not in str(caught.value)


def test_no_picture_at_all_is_refused(translator):
    with pytest.raises(InputError, match="no picture to translate"):
        translator.translate([])


@pytest.mark.parametrize(("sources", "message"), [
    (torch.zeros(1, 1, 16, 16), r"float32, shape \(1, 1, 16, 16\)"),
    (torch.zeros(1, 3, 32, 32), r"Give float32, n x 1 x 32 x 32, from -1 to 1"),
    (torch.zeros(0, 1, 32, 32), r"shape \(0, 1, 32, 32\)"),
    (torch.zeros(1, 1, 32, 32, dtype=torch.float64), "float64"),
    (torch.full((1, 1, 32, 32), 255.0), "with values up to 255 from zero"),
    (torch.full((1, 1, 32, 32), torch.nan), "with values up to nan from zero"),
])  # fmt: skip
def test_sources_of_another_shape_type_or_range_are_refused_with_what_came(sources, message):
    for use in (networks.translator().outputs, networks.translator().views):
        with pytest.raises(InputError, match=message):
            use(sources)


def test_pictures_of_another_size_make_no_sources():
    with pytest.raises(InputError, match=r"picture 1: an array .*\(8, 8\). Bring it to 32x32"):
        networks.translator().sources(
            [np.zeros((32, 32), np.uint8), np.zeros((8, 8), np.uint8)], None
        )


def test_outputs_and_views_come_from_one_pass():
    asked = networks.translator(size=64, patch=4)
    shown = torch.rand(18, 1, 64, 64) * 2 - 1
    outputs, seen = asked.look(shown)
    assert torch.equal(outputs, asked.outputs(shown))
    assert list(seen) == list(asked.views(shown))


def test_outputs_leave_the_network_as_it_was_and_draw_no_random_number():
    asked = networks.translator(dropout=0.5)
    network = asked.model.network.train()
    network.up[0].eval()
    modes = [module.training for module in network.modules()]
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.random.get_rng_state()
    shown = networks.sources(40)
    outputs = asked.outputs(shown)
    assert torch.equal(state, torch.random.get_rng_state())
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert torch.equal(outputs, asked.outputs(shown)) and not outputs.requires_grad
    assert torch.allclose(outputs[:1], asked.outputs(shown[:1]), atol=1e-5)


@pytest.mark.parametrize("settle", [-1, True])
def test_options_that_mean_nothing_are_refused_with_what_came(settle):
    with pytest.raises(
        ConfigError, match=f"settle is {settle!r}: expected a count, 0 or more, or 'still'"
    ):
        Options(settle=settle)
