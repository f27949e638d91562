"""The dice of a draw."""

from exam_service.core.banks.draw import Dice


def test_an_order_is_the_one_that_a_shuffle_gives() -> None:
    """Worked out in two ways, for speed: a paper drawn again from its seed must come out the same."""
    for n in range(60):
        items = [f"o{k}" for k in range(n)]
        seed = n.to_bytes(16)
        one, other = Dice(seed, "order"), Dice(seed, "order")
        for _ in range(3):
            assert one.order(items) == tuple(items[i] for i in other.shuffled(range(n)))
