from nekogao.bench import scale


def test_a_visit_opens_a_set_and_trains_a_little(pair_set):
    found = scale.visit(pair_set, 2)
    assert found["open"] > 0 and len(found["pair_steps"]) == 2 and min(found["pair_steps"]) > 0
