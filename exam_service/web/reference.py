"""The API reference as a page of our own: what the OpenAPI document says, without a foreign script."""

from typing import Any

import msgspec
from litestar import Request, Response, get

from exam_service.web.openapi import document
from exam_service.web.pages import page

_METHODS = ("get", "post", "put", "patch", "delete")


@get("/docs", include_in_schema=False)
async def reference(request: Request[Any, Any, Any]) -> Response[str]:
    """Every operation, by tag, with its parameters, bodies, examples and problems."""
    schema: dict[str, Any] = document(request.app, request.app.state.ctx.policy.public_url)
    return page(request, "reference.html", info=schema["info"], tags=_by_tag(schema), base=schema["servers"][0]["url"])


def _by_tag(schema: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                found.setdefault((operation.get("tags") or ["Other"])[0], []).append(
                    _operation(schema, method, path, operation)
                )
    order = [tag["name"] for tag in schema.get("tags", [])]
    return sorted(found.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))


def _operation(schema: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "bodies": [_content(schema, media, one) for media, one in body.items()],
        "responses": [
            {
                "status": status,
                "description": response.get("description", ""),
                "contents": [_content(schema, media, one) for media, one in response.get("content", {}).items()],
            }
            for status, response in sorted(operation.get("responses", {}).items())
        ],
    }


def _content(schema: dict[str, Any], media: str, content: dict[str, Any]) -> dict[str, Any]:
    """Media type, the fields one level deep, and an example if there is one."""
    shape = _resolved(schema, content.get("schema", {}))
    required = set(shape.get("required", []))
    examples = content.get("examples") or {}
    example = next(
        (one.get("value") for one in examples.values()), shape.get("example") or (shape.get("examples") or [None])[0]
    )
    return {
        "media": media,
        "name": shape.get("title", ""),
        "fields": [
            {
                "name": name,
                "required": name in required,
                "type": _type_of(schema, field),
                "description": _resolved(schema, field).get("description", field.get("description", "")),
            }
            for name, field in shape.get("properties", {}).items()
        ],
        "example": None if example is None else msgspec.json.format(msgspec.json.encode(example), indent=2).decode(),
    }


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        found: dict[str, Any] = schema["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
        return found
    return node


def _type_of(schema: dict[str, Any], node: dict[str, Any]) -> str:
    if "$ref" in node:
        return str(_resolved(schema, node).get("title") or node["$ref"].rsplit("/", 1)[1])
    if "enum" in node:
        return " | ".join(str(one) for one in node["enum"])
    for several in ("oneOf", "anyOf"):
        if several in node:
            return " | ".join(_type_of(schema, one) for one in node[several])
    if node.get("type") == "array":
        return f"list of {_type_of(schema, node.get('items', {}))}"
    kind = node.get("type", "any")
    return " | ".join(kind) if isinstance(kind, list) else str(node.get("format") or kind)
