"""XML from anybody: read into plain nodes with their lines, in one pass, without entities, document types or depth.

What a file may declare is what makes XML dangerous (expanding entities, files and addresses of others), so any
`<!DOCTYPE` is refused; none of the formats read here needs one.
"""

from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text

DEEPEST = 200
MOST_NODES = 3_000_000


class Node(msgspec.Struct):
    """An element: its name without a namespace, its attributes likewise, and what is in it."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list["Node"] = msgspec.field(default_factory=list)
    text: str = ""
    """All that is written in it itself, in order; what its elements hold is theirs."""

    def all(self, name: str) -> Iterator["Node"]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Node | None":
        return next(self.all(name), None)

    def said(self, *path: str) -> str:
        """The text of the first child, grandchild and so on of these names; empty when there is none."""
        node: Node | None = self
        for name in path:
            node = node.first(name) if node is not None else None
        return node.text.strip() if node is not None else ""


def read_xml(content: bytes) -> Node:
    """The root. Raises Invalid with the line of what is wrong."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    stack: list[Node] = []
    roots: list[Node] = []
    pieces: list[list[str]] = []
    count = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if len(stack) >= DEEPEST:
            raise _refused("xml-too-deep", line, f"elements lie more than {DEEPEST} deep", f"ซ้อนกันลึกเกิน {DEEPEST} ชั้น")
        if count > MOST_NODES:
            raise _refused("xml-too-many", line, f"more than {MOST_NODES} elements", f"มีมากกว่า {MOST_NODES} ส่วน")
        node = Node(_local(name), line, {_local(key): value for key, value in attributes.items()})
        (stack[-1].children if stack else roots).append(node)
        stack.append(node)
        pieces.append([])

    def end(_: str) -> None:
        stack.pop().text = "".join(pieces.pop())

    def write(text: str) -> None:
        if pieces:
            pieces[-1].append(text)

    def declare(*_: object) -> None:
        raise _refused(
            "xml-doctype",
            parser.CurrentLineNumber,
            "a document type (<!DOCTYPE) is not read: take it out",
            "ไม่อ่านไฟล์ที่มี <!DOCTYPE โปรดลบออก",
        )

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, write
    parser.StartDoctypeDeclHandler = declare
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise _refused("not-xml", error.lineno, f"this is not XML: {what}", f"ไม่ใช่ XML: {what}") from error
    except (LookupError, ValueError) as error:
        raise _refused("not-xml", 1, f"this is not XML: {error}", f"ไม่ใช่ XML: {error}") from error
    return roots[0]


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refused(code: str, line: int, en: str, th: str) -> Invalid:
    return Invalid(count=1, faults=[Fault(code=code, line=line, message=Text(en=en, th=th))])
