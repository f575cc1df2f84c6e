"""The benchmarks run, and count against the fewest calls there can be."""

import pytest
from bench.accounts import Mix, contact, mix_of
from bench.stages import UNLIMITED, all_runs

from bench import minimum


def test_the_fewest_calls_of_a_first_run():
    mix = Mix(alike=700, differing=100, alone=200)
    assert minimum.initial(mix) == {"east": 10 + 2 + 2, "west": 10 + 2 + 2 + 1}


def test_the_fewest_calls_of_later_runs():
    assert minimum.unchanged() == {"east": 1, "west": 1}
    assert minimum.changed(250) == {"east": 2 + 3, "west": 1 + 3 + 3}


def test_no_two_contacts_share_an_address():
    assert len({contact(number)["email"] for number in range(1000)}) == 1000


@pytest.mark.slow
def test_a_small_sync_is_measured_and_leaves_both_accounts_equal():
    costs = {cost.name: cost for cost in all_runs(40, UNLIMITED)}
    assert list(costs) == ["first run", "nothing changed", "1 % changed"]
    first, mix = costs["first run"].figures, mix_of(40)
    assert first["created"] == {"east": mix.alone, "west": mix.alone}
    assert first["updated"] == {"east": 0, "west": mix.differing}
    assert not any(costs["nothing changed"].figures["updated"].values())
    assert costs["nothing changed"].times_the_fewest == 1.0
    assert costs["1 % changed"].figures["updated"]["west"] == 1
    assert all(cost.figures["memory"] > 2**20 and cost.figures["cpu"] > 0 for cost in costs.values())
