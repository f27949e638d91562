"""Wake-ups between replicas through Redis or Valkey. They are hints: while it is away, nobody hears of another."""

import asyncio
import secrets
from collections.abc import Callable

import msgspec
from redis.asyncio.client import PubSub

from exam_service.adapters.live.memory import MemoryBell
from exam_service.adapters.live.redis_link import FAILURES, connect, hang_up, log

CONNECTIONS = 2
"""One listens, one speaks."""
LOOK_SECONDS = 1.0
ASK_SECONDS = 5.0
"""A line that was silent for so long is asked whether it still stands."""
AGAIN_SECONDS = 1.0
MOST = 1000
"""So many wait to be told at most; more than that in one moment would be a fault, and they are only hints."""


class _Ring(msgspec.Struct, frozen=True, array_like=True):
    sender: str
    topic: str
    payload: str


class RedisBell:
    """The Bell port over one channel of Redis. Whoever listens in this process is called at once, without Redis."""

    def __init__(self, url: str, *, again: float = AGAIN_SECONDS) -> None:
        self._redis = connect(url, CONNECTIONS)
        self._here = MemoryBell()
        self._again = again
        self._sender = secrets.token_hex(8)
        # Channels know no databases, so the database is part of the name.
        self._channel = f"exam:bell:{self._redis.connection_pool.connection_kwargs.get('db', 0)}"
        self._untold: list[_Ring] = []
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    def publish(self, topic: str, payload: str = "") -> None:
        """Call who listens here; the other replicas are told right after."""
        self._here.publish(topic, payload)
        if len(self._untold) < MOST:
            self._untold.append(_Ring(self._sender, topic, payload))
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell(), name="bell")

    def subscribe(self, topic: str, heard: Callable[[str], None]) -> Callable[[], None]:
        """Be called with the payload of each, until the returned function is called."""
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen(), name="bell, listening")
        return self._here.subscribe(topic, heard)

    async def close(self) -> None:
        """Tell what is still untold, hear nothing more, and close every connection."""
        if self._telling is not None:
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._here.close()
        await self._redis.aclose()

    async def _tell(self) -> None:
        try:
            while self._untold:
                told, self._untold = self._untold, []
                pipe = self._redis.pipeline(transaction=False)
                for ring in dict.fromkeys(told):
                    pipe.publish(self._channel, msgspec.json.encode(ring))
                await pipe.execute()
        except FAILURES as error:
            log.debug("a wake-up was not told (%s)", type(error).__name__)
        finally:
            self._untold = []
            self._telling = None

    async def _listen(self) -> None:
        """Hear the other replicas, for ever, over one line after the other."""
        first = True
        while True:
            try:
                async with self._redis.pubsub() as line:
                    await line.subscribe(self._channel)
                    await self._hear(line, missed=not first)
            except FAILURES as error:
                log.debug("the line for wake-ups broke (%s)", type(error).__name__)
            first = False
            await hang_up(self._redis)
            await asyncio.sleep(self._again)

    async def _hear(self, line: PubSub, *, missed: bool) -> None:
        """Hear until the line breaks or says nothing any more, not even when asked."""
        now = asyncio.get_running_loop().time
        spoke, asked = now(), False
        while now() - spoke < 2 * ASK_SECONDS:
            message = await line.get_message(timeout=LOOK_SECONDS)
            if message is not None:
                spoke, asked = now(), False
                if message["type"] == "message":
                    self._heard(message["data"])
                elif message["type"] == "subscribe" and missed:
                    # Whatever was told before this line stood was missed: whoever listens is to look.
                    self._all_look()
            elif not asked and now() - spoke >= ASK_SECONDS:
                asked = True
                await line.ping()

    def _heard(self, data: bytes) -> None:
        try:
            ring = msgspec.json.decode(data, type=_Ring)
        except msgspec.MsgspecError:
            return
        if ring.sender != self._sender:
            self._here.publish(ring.topic, ring.payload)

    def _all_look(self) -> None:
        for topic in self._here.topics:
            self._here.publish(topic)
