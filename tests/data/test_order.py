from nekogao.data.order import Draw, Place, draw


def test_a_draw_is_a_function_of_its_arguments():
    given = {"count": 7, "domains": ("gray", "edges"), "size": 3, "seed": 5}
    assert draw(9, **given) == draw(9, **given) != draw(10, **given)
    assert draw(9, **given).places != draw(9, **{**given, "seed": 6}).places


def test_a_set_of_one_item_goes_round_the_domains():
    found = draw(1, count=1, domains=("a", "b", "c"), size=4, seed=0)
    assert found == Draw(1, [Place(0, "b"), Place(0, "c"), Place(0, "a"), Place(0, "b")])
