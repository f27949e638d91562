"""The rule of every rate limit: a leaky bucket that holds `limit` requests and runs empty in one window.

So `limit` requests may come at once, and from then on one each window / limit; whoever is refused is told the moment at
which one more fits, which spreads the retries where a fixed window would let all come back together. Whole numbers
only, so that every adapter decides alike: times in microseconds, fill in microseconds times `limit`, all below 2**53.
"""

Bucket = tuple[int, int]
"""(at, fill): how full it was at a moment. One request fills `window`; the bucket holds `window * limit`."""


def take(bucket: Bucket | None, limit: int, window: int, now: int) -> tuple[Bucket, int]:
    """The bucket afterwards, and 0 when there was room, else after how many microseconds there will be."""
    at, fill = bucket or (now, 0)
    if at - now > window:
        # A clock that was ahead has been set right, or is another replica's: nobody waits until it is that late.
        at, fill = now, 0
    # The clocks of replicas differ a little: a moment before the last one counts as the last one.
    elif now > at:
        fill = max(0, fill - (now - at) * limit) if now - at < window else 0
        at = now
    over = fill + window - window * limit
    if over > 0:
        return (at, fill), at - now + (-(-over // limit) if limit > 0 else window)
    return (at, fill + window), 0
