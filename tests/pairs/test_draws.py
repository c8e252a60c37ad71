import pytest

from nekogao.pairs.draws import Draw, Place, draw


def test_a_draw_is_a_function_of_its_arguments():
    given = {"count": 7, "domains": ("gray", "edges"), "size": 3, "seed": 5}
    assert draw(9, **given) == draw(9, **given) != draw(10, **given)
    assert draw(9, **given).places != draw(9, **{**given, "seed": 6}).places


def test_a_set_of_one_item_goes_round_the_domains():
    found = draw(1, count=1, domains=("a", "b", "c"), size=4, seed=0)
    assert found == Draw(1, [Place(0, "b"), Place(0, "c"), Place(0, "a"), Place(0, "b")])


@pytest.mark.parametrize(("replay", "again"), [(0.0, 0), (0.25, 10), (0.5, 20), (0.9, 36)])
def test_replay_gives_earlier_domains_their_share(replay, again):
    given = {"count": 10, "domains": ("gray",), "size": 8, "seed": 0, "earlier": ("edges",)}
    batches = [draw(step, **given, replay=replay).places for step in range(5)]
    shown = [[place.domain for place in places].count("edges") for places in batches]
    assert sum(shown) == again and max(shown) - min(shown) <= 1


def test_replay_shows_every_item_in_every_earlier_domain():
    given = {"count": 4, "domains": ("c",), "size": 4, "seed": 0, "earlier": ("a", "b")}
    places = {p for step in range(40) for p in draw(step, **given, replay=0.5).places}
    assert places == {Place(item, domain) for item in range(4) for domain in "abc"}


def test_without_an_earlier_domain_there_is_nothing_to_replay():
    given = {"count": 4, "domains": ("a",), "size": 4, "seed": 0}
    assert draw(3, **given, replay=0.5) == draw(3, **given)
