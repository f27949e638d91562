"""Drawing behind the port that the use cases know.

The library is loaded by the first picture: an exam needs none of it.
"""


class QrCodes:
    """Pictures of QR codes."""

    def png(self, text: str) -> bytes:
        from exam_service.adapters.qr import render

        return render.png(text)

    def svg(self, text: str) -> bytes:
        from exam_service.adapters.qr import render

        return render.svg(text)
