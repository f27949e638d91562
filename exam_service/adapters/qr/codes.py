"""Drawing and reading behind the one port that the use cases know."""

from exam_service.adapters.qr import decode, render


class QrCodes:
    """Pictures of QR codes, out and in."""

    def png(self, text: str) -> bytes:
        return render.png(text)

    def svg(self, text: str) -> bytes:
        return render.svg(text)

    def texts(self, image: bytes) -> list[str]:
        return decode.texts(image)
