"""Items and messages are matched in the time that one takes, and none is taken for another."""

from __future__ import annotations

from app.fusion.between.queue_items import KEPT, Fifo, Items


def test_items_come_out_by_their_key_in_any_order() -> None:
    items = Items()
    for number in range(1_000):
        items.put(number, 1, 7, number)
    assert [items.get(number) for number in (3, 999, 0)] == [(7, 3), (7, 999), (7, 0)]
    assert items.get(3) is None


def test_items_of_one_key_come_out_in_order() -> None:
    items = Items()
    for t in range(3):
        items.put(5, 1, 7, t)
    assert [items.get(5) for _ in range(4)] == [(7, 0), (7, 1), (7, 2), None]


def test_items_got_through_a_pipe_are_not_got_again_by_their_key() -> None:
    items = Items()
    for t in range(4):
        items.put(0, 1 + t % 2, 7, t)
    assert items.get_sent(2, (9, 9)) == (7, 1)
    assert [items.get(0) for _ in range(3)] == [(7, 0), (7, 2), (7, 3)]
    assert items.get_sent(1, (9, 10)) is None
    assert items.put(0, 1, 7, 11) == (9, 10)


def test_items_beyond_those_that_are_kept_are_not_taken_for_one_another() -> None:
    items = Items()
    for t in range(KEPT + 2):
        items.put(5, 1, 7, t)
    assert [items.get(5) for _ in range(KEPT)] == [(7, t) for t in range(KEPT)]
    items.put(5, 1, 7, 1_000_000)  # two others are before it
    assert items.get(5) is None
    items.empty()
    items.put(5, 1, 7, 2_000_000)
    assert items.get(5) == (7, 2_000_000)


def test_items_after_a_loss_are_known_again_when_the_queue_was_empty() -> None:
    items = Items()
    items.put(5, 1, 7, 1)
    items.lost()
    items.put(5, 1, 7, 2)
    assert items.get(5) is None
    items.empty()
    items.put(5, 1, 7, 3)
    assert items.get(5) == (7, 3)


def test_fifo_knows_how_many_are_before_those_it_knows() -> None:
    fifo: Fifo[str] = Fifo()
    fifo.add("a")
    fifo.skip(2)
    fifo.add("b")
    assert [fifo.take() for _ in range(4)] == ["a", None, None, "b"]
    assert not fifo and fifo.take() is None


def test_fifo_keeps_so_many_and_counts_the_others() -> None:
    fifo: Fifo[str] = Fifo()
    for _ in range(KEPT + 3):
        fifo.add("a")
    for _ in range(KEPT):
        assert fifo.take() == "a"
    fifo.add("b")
    assert [fifo.take() for _ in range(4)] == [None, None, None, "b"]


def test_fifo_drops_known_and_unknown_ones() -> None:
    fifo: Fifo[str] = Fifo()
    fifo.add("a")
    fifo.skip(5)
    fifo.add("b")
    assert fifo.drop(4) == 0
    assert [fifo.take() for _ in range(3)] == [None, None, "b"]
    assert fifo.drop(2) == 2
