"""Drawing and reading behind the one port that the use cases know.

The libraries are loaded by the first picture: an exam needs none of them.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor


class QrCodes:
    """Pictures of QR codes, out and in."""

    def __init__(self) -> None:
        # One at a time: a large picture takes a second and 200 MB, and anybody may send one.
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qr")

    def png(self, text: str) -> bytes:
        from exam_service.adapters.qr import render

        return render.png(text)

    def svg(self, text: str) -> bytes:
        from exam_service.adapters.qr import render

        return render.svg(text)

    async def texts(self, image: bytes) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(self._reader, _texts, image)


def _texts(image: bytes) -> list[str]:
    from exam_service.adapters.qr import decode

    return decode.texts(image)
