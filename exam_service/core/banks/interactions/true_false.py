"""A statement that is true or false."""

from collections.abc import Sequence
from fractions import Fraction

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, Response


class TrueFalse(BaseQuestion, frozen=True, kw_only=True, tag="true_false"):
    key: bool

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        if raw is None or isinstance(raw, bool):
            return raw
        raise BadResponse("answer true or false", "ตอบได้เพียง true หรือ false")

    def score(self, response: Response) -> Fraction:
        return Fraction(response is self.key)

    def reveal(self, order: Sequence[str]) -> object:
        return self.key
