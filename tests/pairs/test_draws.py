from dataclasses import replace

import pytest

from nekogao.pairs.draws import Draw, Draws, Place


def test_a_draw_is_a_function_of_its_arguments():
    draws = Draws(items=range(7), size=3, seed=5)
    assert draws.draw(9, ("gray", "edges")) == draws.draw(9, ("gray", "edges"))
    assert draws.draw(9, ("gray", "edges")) != draws.draw(10, ("gray", "edges"))
    other = replace(draws, seed=6)
    assert draws.draw(9, ("gray",)).places != other.draw(9, ("gray",)).places


def test_a_set_of_one_item_shows_the_domains_in_turn():
    found = Draws(items=range(1), size=4, seed=0).draw(1, ("a", "b", "c"))
    assert found == Draw(1, [Place(0, "b"), Place(0, "c"), Place(0, "a"), Place(0, "b")])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_every_epoch_shows_every_item_once_and_every_domain_equally(size):
    draws = Draws(items=range(4), size=size, seed=5)
    places = [place for step in range(40) for place in draws.draw(step, ("a", "b")).places]
    for first in range(0, len(places) - 3, 4):
        assert {place.item for place in places[first : first + 4]} == set(range(4))
    for first in range(0, len(places) - 7, 8):
        assert len(set(places[first : first + 8])) == 8


def test_the_order_of_a_seed_stays_the_same_from_version_to_version():
    draws = Draws(items=range(5), size=4, seed=1, replay=0.3)
    shown = [draws.draw(step, ("gray", "edges"), ("sketch",)).places for step in (0, 7)]
    assert [[f"{item}{domain[0]}" for item, domain in places] for places in shown] == [
        ["4g", "0g", "1e", "2s"],
        ["2e", "0s", "4g", "3e"],
    ]


@pytest.mark.parametrize(("replay", "again"), [(0.0, 0), (0.25, 10), (0.5, 20), (0.9, 36)])
def test_replay_gives_earlier_domains_their_share(replay, again):
    draws = Draws(items=range(10), size=8, seed=0, replay=replay)
    batches = [draws.draw(step, ("gray",), ("edges",)).places for step in range(5)]
    shown = [[place.domain for place in places].count("edges") for places in batches]
    assert sum(shown) == again and max(shown) - min(shown) <= 1


def test_replay_shows_every_item_in_every_earlier_domain():
    draws = Draws(items=range(4), size=4, seed=0, replay=0.5)
    places = {place for step in range(40) for place in draws.draw(step, ("c",), ("a", "b")).places}
    assert places == {Place(item, domain) for item in range(4) for domain in "abc"}


def test_without_an_earlier_domain_there_is_nothing_to_replay():
    draws = Draws(items=range(4), size=4, seed=0)
    assert replace(draws, replay=0.5).draw(3, ("a",)) == draws.draw(3, ("a",))
