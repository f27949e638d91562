"""A statement that is true or false."""

from fractions import Fraction

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, Layout, Response


class TrueFalse(BaseQuestion, frozen=True, kw_only=True, tag="true_false"):
    key: bool

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        if raw is None or isinstance(raw, bool):
            return raw
        raise BadResponse("answer true or false", "ตอบได้เพียง true หรือ false")

    def score(self, response: Response) -> Fraction:
        return Fraction(response is self.key)

    def reveal(self, layout: Layout) -> object:
        return self.key
