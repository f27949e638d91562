"""The API's description (OpenAPI 3.1), made from the handlers: paths, parameters, bodies, answers and problems.

Litestar's own generator leaves out what our handlers read themselves (bodies with every fault) and that unknown fields
are refused, so the document is put together here; the schemas are msgspec's, from the Structs that parse and answer.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from exam_service import __version__
from exam_service.core.records import Scope
from exam_service.web.problems import HTTP_TEXTS, STATUS, Problem

_KEY = "documented"
_PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{name}"

INTRODUCTION = """\
Pre-tests, post-tests and signed certificates that any learning system can plug in.

Every refusal is a problem document (RFC 9457) with a stable `code`, a sentence in Thai and English, and `retry_at` when
waiting cures it. Unknown fields are refused, and every fault of a body is reported at once. Give an `Idempotency-Key`
with any call that writes, and it may be repeated safely: the same key with the same body gets the same answer. Lists
are read page by page: give what `next` says as `after`.
"""

_NO_SCHEMA = (Any, bytes)
"""Answers whose content is told by their media type alone."""

SCHEMES: Mapping[str, object] = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of one organisation, `exam_…`; each call names the scope that it needs.",
    },
    "candidateSession": {
        "type": "http",
        "scheme": "bearer",
        "description": "A candidate's session, from redeeming a launch token.",
    },
    "candidateCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "exam_session",
        "description": "The same session as our pages carry it.",
    },
}


class Body(NamedTuple):
    """What a handler reads from the request's body."""

    kinds: tuple[Any, ...]
    """The JSON document; several are alternatives. Empty for a body that is not JSON."""
    media_types: tuple[str, ...] = ("application/json",)
    examples: Mapping[str, object] = {}
    required: bool = True


class Documented(NamedTuple):
    """What a handler's signature cannot say of it."""

    scope: Scope | tuple[Scope, ...] | None = None
    body: Body | None = None
    answers: Mapping[int, Any] = {}
    """Further good answers: status -> kind."""
    problems: tuple[str, ...] = ()
    """Codes of refusals, beside those that every handler of its sort has."""
    example: object = None
    """An answer."""


def documented(
    *,
    scope: Scope | tuple[Scope, ...] | None = None,
    body: Any = None,
    media_types: tuple[str, ...] = ("application/json",),
    examples: Mapping[str, object] | None = None,
    required: bool = True,
    answers: Mapping[int, Any] | None = None,
    problems: Iterable[str] = (),
    example: object = None,
) -> dict[str, Any]:
    """Arguments for a handler's decorator, as in `@put("/x", **documented(scope="banks", body=Kind))`.

    Of several scopes it depends on what is asked for which one is needed.
    """
    kinds = body if isinstance(body, tuple) else () if body in (None, bytes) else (body,)
    described = None if body is None else Body(kinds, media_types, examples or {}, required)
    return {"opt": {_KEY: Documented(scope, described, answers or {}, tuple(problems), example)}}


def document(app: Litestar, public_url: str) -> dict[str, object]:
    """The whole description, as JSON values."""
    operations = list(_operations(app))
    kinds = [kind for operation in operations for kind in operation.kinds()]
    schemas, components = msgspec.json.schema_components([*kinds, Problem], schema_hook=_anything, ref_template=_REF)
    known = {_name(kind): schema for kind, schema in zip([*kinds, Problem], schemas, strict=True)}
    paths: dict[str, dict[str, object]] = {}
    for operation in sorted(operations, key=lambda o: (o.path, o.method)):
        paths.setdefault(operation.path, {})[operation.method.lower()] = operation.described(known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "exam-service",
            "version": __version__,
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SCHEMES},
    }


@get("/v1/openapi.json", include_in_schema=False)
async def documentation(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description of this API."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = msgspec.json.encode(document(request.app, state.ctx.policy.public_url))
    return Response(state.openapi, media_type=MediaType.JSON, headers={"Cache-Control": "public, max-age=300"})


class _Operation:
    """One method of one path."""

    def __init__(self, path: str, method: str, handler: HTTPRouteHandler, path_parameters: Mapping[str, Any]) -> None:
        self.path, self.method, self._handler, self._path_parameters = path, method, handler, path_parameters
        self._said: Documented = handler.opt.get(_KEY) or Documented()
        self._asks = handler.parsed_fn_signature.parameters

    def kinds(self) -> Iterator[Any]:
        """Every type whose schema is needed."""
        yield from (kind for kind in self._answers().values() if kind not in _NO_SCHEMA)
        if self._said.body is not None:
            yield from self._said.body.kinds

    def described(self, known: Mapping[str, Any]) -> dict[str, object]:
        """The operation object of the specification."""
        doc = inspect.getdoc(self._handler.fn) or ""
        needed = (self._said.scope,) if isinstance(self._said.scope, str) else self._said.scope or ()
        scope = f"\n\nScope: {' or '.join(f'`{one}`' for one in needed)}." if needed else ""
        found: dict[str, object] = {
            "operationId": self._handler.fn.__module__.rpartition(".")[2] + "_" + self._handler.fn.__name__,
            "summary": self._handler.summary or doc.partition("\n")[0].rstrip("."),
            "description": doc + scope,
            "tags": sorted(self._handler.resolve_tags()),
            "parameters": list(self._parameters()),
            "responses": dict(sorted(self._responses(known).items())),
            "security": self._security(),
        }
        body = self._said.body
        if body is not None:
            found["requestBody"] = {"required": body.required, "content": _content(body, known)}
        return found

    def _answers(self) -> dict[int, Any]:
        """status -> kind; `bytes` for an answer that is no JSON document of ours, None for an empty one."""
        declared = self._handler.parsed_fn_signature.return_type.annotation
        kind = (get_args(declared) or (Any,))[0] if _is_response(declared) else declared
        first = {self._handler.status_code: kind} if self._handler.status_code not in self._said.answers else {}
        answers = first | dict(self._said.answers)
        return {status: kind for status, kind in answers.items() if kind not in (None, type(None))}

    def _responses(self, known: Mapping[str, Any]) -> dict[str, object]:
        responses: dict[str, object] = {str(self._handler.status_code): {"description": "Done."}}
        for status, kind in self._answers().items():
            described: dict[str, object] = {} if kind in _NO_SCHEMA else {"schema": known[_name(kind)]}
            if self._said.example is not None and status == self._handler.status_code:
                described["example"] = self._said.example
            responses[str(status)] = {"description": "Done.", "content": {self._media(): described}}
        # A page refuses with a page, and with a problem document whoever asks for JSON.
        page: dict[str, object] = (
            {} if self.path.startswith("/v1/") or self._media() != "text/html" else {"text/html": {}}
        )
        by_status: dict[int, list[str]] = {}
        for code in dict.fromkeys(self._problem_codes()):
            by_status.setdefault(_status_of(code), []).append(code)
        for status, codes in by_status.items():
            responses[str(status)] = {
                "description": "Refused: " + ", ".join(f"`{code}`" for code in codes) + ".",
                "content": {_PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}} | page,
            }
        return responses

    def _media(self) -> str:
        media = self._handler.media_type
        return str(getattr(media, "value", media) or "application/json")

    def _problem_codes(self) -> Iterator[str]:
        yield from self._said.problems
        if "caller" in self._asks or "session" in self._asks:
            yield from ("not-authenticated", "too-many-requests")
        if self._said.scope is not None:
            yield "not-allowed"
        if self._path_parameters:
            yield "not-found"
        if self._said.body is not None:
            yield "invalid-input"
        if self.method in ("POST", "PUT", "PATCH"):
            # Also of a body that nobody reads.
            yield from ("too-large", "request-timeout")
        if "repeat" in self._asks:
            yield from ("idempotency-key-reused", "invalid-input")
        if any(True for _ in self._query()):
            yield "bad-request"
        yield from ("internal-error", "unavailable")

    def _parameters(self) -> Iterator[dict[str, object]]:
        for name, schema in self._path_parameters.items():
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        for name, field in self._query():
            yield _query_parameter(name, field)
        if "repeat" in self._asks:
            yield {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                "description": "Makes the call repeatable: the same key with the same body gets the same answer.",
            }

    def _query(self) -> Iterator[tuple[str, FieldDefinition]]:
        given = {"ctx", "caller", "repeat", "session", "request", "state", "scope", "socket", "headers", "cookies"}
        for name, field in self._asks.items():
            if name not in given and name not in self._path_parameters:
                yield name, field

    def _security(self) -> list[dict[str, list[str]]]:
        if "caller" in self._asks:
            return [{"apiKey": []}]
        if "session" in self._asks:
            return [{"candidateCookie": []}, {"candidateSession": []}]
        return []


def _operations(app: Litestar) -> Iterator[_Operation]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        parameters = {
            name: {"type": "integer", "minimum": 0} if parameter.type is int else {"type": "string"}
            for name, parameter in route.path_parameters.items()
        }
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS" and handler.resolve_include_in_schema():
                yield _Operation(route.path_format, str(method), handler, parameters)


def _query_parameter(name: str, field: FieldDefinition) -> dict[str, object]:
    schema = msgspec.json.schema(field.annotation)
    extra = field.kwarg_definition
    found: dict[str, object] = {"name": name, "in": "query", "required": field.is_required, "schema": schema}
    # A parameter that may be left out is left out, and not sent as null.
    some = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(some) == 1:
        schema = found["schema"] = some[0]
    if isinstance(extra, ParameterKwarg):
        if extra.description:
            found["description"] = extra.description
        if extra.ge is not None:
            schema["minimum"] = extra.ge
        if extra.le is not None:
            schema["maximum"] = extra.le
    if field.has_default and field.default is not None:
        schema["default"] = field.default
    return found


def _content(body: Body, known: Mapping[str, Any]) -> dict[str, object]:
    schemas = [known[_name(kind)] for kind in body.kinds]
    described: dict[str, object] = {}
    if len(schemas) == 1:
        described["schema"] = schemas[0]
    elif schemas:
        described["schema"] = {"oneOf": schemas}
    content: dict[str, object] = {}
    for media in body.media_types:
        is_json = media == "application/json"
        mine = {
            name: {"value": value} for name, value in body.examples.items() if isinstance(value, str) is not is_json
        }
        content[media] = (described if is_json else {}) | ({"examples": mine} if mine else {})
    return content


def _anything(kind: type) -> dict[str, Any]:
    """The schema of what may be any JSON value."""
    if kind in (object, msgspec.Raw):
        return {"description": "Any JSON value."}
    raise TypeError(f"{kind} has no schema")


def _status_of(code: str) -> int:
    if code in STATUS:
        return STATUS[code]
    return next(status for status, (known, _) in HTTP_TEXTS.items() if known == code)


def _is_response(kind: Any) -> bool:
    plain = get_origin(kind) or kind
    return isinstance(plain, type) and issubclass(plain, Response)


def _name(kind: Any) -> str:
    return repr(kind)


__all__ = ["Documented", "document", "documentation", "documented"]
