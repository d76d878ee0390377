"""What went wrong, as `application/problem+json`: the sentences are those of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tracker.domain import BadBet, TrackerError
from tracker.domain.draft import AmbiguousGame
from tracker.store import StoreError


class ProblemBody(BaseModel):
    """An error as the API tells it (RFC 9457). `field` names what was wrong, where it is known."""

    type: str = "about:blank"
    title: str
    status: int
    field: str = ""
    message: str
    candidates: list[str] = []


Json = dict[str, Any]
PROBLEM: Json = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
}
"""An error as the API's document describes it: once for all calls."""

_FAULT = 400


def answers(shape: Any, status: int = 200, *others: int) -> Json:
    """What the decorator of a route is given: the answer's shape, described and not made anew."""
    told = {
        one: {
            "model": shape,
            "description": "As described.",
            **({"content": PROBLEM} if one >= _FAULT else {}),
        }
        for one in (status, *others)
    }
    return {"response_model": None, "responses": told, "status_code": status}


class Problem(Exception):
    """A request that is answered with an error: a status and one sentence."""

    def __init__(
        self,
        status: int,
        message: str,
        field: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:
        """`message` says what is wrong and what to do."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.candidates = candidates


def answer(wrong: Problem) -> JSONResponse:
    """A problem as a response."""
    body = ProblemBody(
        title=HTTPStatus(wrong.status).phrase,
        status=wrong.status,
        field=wrong.field,
        message=wrong.message,
        candidates=list(wrong.candidates),
    )
    return JSONResponse(
        body.model_dump(),
        wrong.status,
        headers=wrong.headers,
        media_type="application/problem+json",
    )


def of_error(wrong: TrackerError) -> Problem:
    """A mistake of a person's, or a database in trouble, as the API tells it."""
    if isinstance(wrong, StoreError):
        return Problem(503, str(wrong), headers={"Retry-After": "5"})
    if isinstance(wrong, AmbiguousGame):
        names = tuple(f"{x.name} {x.slate}" for x in wrong.games)
        return Problem(422, str(wrong), "line", candidates=names)
    return Problem(422, str(wrong), "line" if isinstance(wrong, BadBet) else "")


def attach(app: FastAPI) -> None:
    """Answer what the framework itself refuses as a problem, too; and describe a problem once."""
    make = app.openapi

    def described() -> Json:
        found = make()
        found["components"]["schemas"]["ProblemBody"] = ProblemBody.model_json_schema()
        return found

    app.openapi = described  # type: ignore[method-assign]

    @app.exception_handler(HTTPException)
    async def _http(_: Request, wrong: HTTPException) -> JSONResponse:
        return answer(Problem(wrong.status_code, str(wrong.detail), headers=wrong.headers))
