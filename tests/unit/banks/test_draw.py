"""The dice of a draw."""

from collections import Counter

from exam_service.core.banks.draw import Dice


def test_the_same_seed_gives_the_same_paper_for_ever() -> None:
    """Drawn again from its seed a paper comes out the same: these were noted when the stream was laid down."""
    dice = Dice(bytes(16), "draw")
    assert [dice.below(1000) for _ in range(8)] == [696, 518, 852, 498, 69, 107, 887, 361]
    assert "".join(Dice(bytes(16), "shuffle").arrangement(5)("abcde")) == "abdce"


def test_a_stream_goes_on_past_what_was_made_at_first() -> None:
    """Block by block it is the one stream: nothing comes twice, and nothing is left out."""
    dice = Dice(b"seed", "x")
    words = [dice.below(1 << 32) for _ in range(3000)]
    assert len(set(words)) == 3000
    again = Dice(b"seed", "x")
    assert [again.below(1 << 32) for _ in range(3000)] == words


def test_an_arrangement_gives_each_thing_once() -> None:
    dice = Dice(b"seed", "x")
    for n in range(12):
        things = [f"o{k}" for k in range(n)]
        arrange = dice.arrangement(n)
        assert isinstance(arrange(things), tuple)
        assert sorted(arrange(things)) == sorted(things)
        assert arrange(things) == tuple(things[k] for k in arrange(range(n))), "the same order for whatever it is given"


def test_a_long_list_comes_in_every_order_too() -> None:
    """Seven and more are put in order one by one: each stands first about as often."""
    dice = Dice(b"seed", "x")
    first = Counter(dice.arrangement(8)("abcdefgh")[0] for _ in range(1600))
    assert all(140 < first[one] < 260 for one in "abcdefgh")
