"""How long it waits before it tries again."""

from hivewatch_bridge._backoff import Backoff


def test_delays_grow_to_five_seconds_and_start_again_after_a_success():
    backoff = Backoff()
    for _ in range(2):
        for ceiling in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5):
            assert ceiling / 2 <= backoff.next() <= ceiling
        backoff.reset()


def test_many_programs_do_not_come_back_at_the_same_moment():
    delays = {Backoff().next() for _ in range(100)}
    assert len(delays) > 90
    assert max(delays) - min(delays) > 0.02
