"""The question types. Adding one is a file here, a line below, and a template on the candidate's page."""

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, ItemView, Layout, Problem, Response
from exam_service.core.banks.interactions.gap_text import GapText
from exam_service.core.banks.interactions.matching import Matching
from exam_service.core.banks.interactions.multiple_response import MultipleResponse
from exam_service.core.banks.interactions.numeric import Numeric
from exam_service.core.banks.interactions.ordering import Ordering
from exam_service.core.banks.interactions.short_text import ShortText
from exam_service.core.banks.interactions.single_choice import SingleChoice
from exam_service.core.banks.interactions.true_false import TrueFalse

Question = SingleChoice | MultipleResponse | TrueFalse | Numeric | ShortText | Matching | Ordering | GapText

TYPES: dict[str, type[BaseQuestion]] = {str(kind.__struct_config__.tag): kind for kind in Question.__args__}

__all__ = ["TYPES", "BadResponse", "BaseQuestion", "ItemView", "Layout", "Problem", "Question", "Response"]
