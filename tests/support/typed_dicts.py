"""Checks JSON values against the types of the panel's messages."""

from __future__ import annotations

import types
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def check_type(value: Any, expected: Any, path: str = "the answer") -> None:
    """Fails unless a JSON value has a type: a TypedDict, a list, a union, a literal.

    Args:
        value: the value
        expected: the type
        path ("the answer"): what the value is, for the message
    """
    problem = _problem(value, expected, path)
    assert not problem, problem


def _problem(value: Any, expected: Any, path: str) -> str:
    origin, arguments = get_origin(expected), get_args(expected)
    if expected is Any:
        return ""
    if is_typeddict(expected):
        return _problem_of_dict(value, expected, path)
    if origin is Annotated:
        return _problem(value, arguments[0], path)
    if origin is Literal:
        return "" if value in arguments else f"{path} is {value!r}, not one of {arguments}"
    if origin in (Union, types.UnionType):
        problems = [_problem(value, member, path) for member in arguments]
        return "" if "" in problems else " and ".join(problems)
    if origin is list:
        if not isinstance(value, list):
            return f"{path} is {value!r}, not a list"
        problems = [_problem(item, arguments[0], f"{path}[{i}]") for i, item in enumerate(value)]
        return next(filter(None, problems), "")
    kinds = {float: (int, float)}.get(expected, origin or expected)
    is_bool = isinstance(value, bool) and expected is not bool
    return "" if isinstance(value, kinds) and not is_bool else f"{path} is {value!r}, no {expected}"


def _problem_of_dict(value: Any, expected: Any, path: str) -> str:
    hints = get_type_hints(expected, include_extras=True)
    if not isinstance(value, dict):
        return f"{path} is {value!r}, not a dict"
    missing = expected.__required_keys__ - set(value)
    unknown = set(value) - set(hints)
    if missing or unknown:
        return f"{path} lacks {sorted(missing)} and has {sorted(unknown)} that it should not"
    problems = [_problem(item, hints[key], f"{path}.{key}") for key, item in value.items()]
    return next(filter(None, problems), "")
