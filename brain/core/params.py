"""Reads values that a person or a program passed, and says in a sentence what is wrong with them.

The values are those of JSON or of a form, so each may have any type. A message quotes no more than
the beginning of a value.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from bson import ObjectId

from fiftyone_faiss.brain.core.ids import ID_DIGITS

MAX_NUMBER = 1_000_000_000
MAX_NAME = 100
"""The largest number of characters of a name or a key, which messages may quote."""
_ID = re.compile(f"[0-9a-fA-F]{{{ID_DIGITS}}}")

_QUOTES = reprlib.Repr()
_QUOTES.maxstring = _QUOTES.maxother = _QUOTES.maxlong = 80
_QUOTES.maxlevel = 1
_QUOTES.maxlist = _QUOTES.maxtuple = _QUOTES.maxdict = _QUOTES.maxset = 1


def quoted(value: Any) -> str:
    """Quotes a value for a message, in at most some 80 characters."""
    text = _QUOTES.repr(value).replace("\n", " ")
    return text if len(text) <= 100 else f"{text[:97]}..."


def read_text(name: str, value: Any, most: int | None = None) -> str:
    """Reads a text; None is an empty one.

    Args:
        name: what the value is, for messages
        value: the value
        most (None): the largest number of characters

    Raises:
        ValueError: if it is another value, or longer; the message says what to give
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {quoted(value)}; give a text.")
    if most is not None and len(value) > most:
        raise ValueError(f"{name} has {len(value):,} characters; shorten it to {most:,} or fewer.")
    return value


def read_flag(name: str, value: Any) -> bool:
    """Reads true or false; None is false.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    # NumPy's booleans equal Python's.
    if value is None or (not isinstance(value, (str, Iterable)) and value in (0, 1)):
        return bool(value)
    raise ValueError(f"{name} is {quoted(value)}; give true or false.")


def read_whole(name: str, value: Any, most: int = MAX_NUMBER) -> int | None:
    """Reads a whole number of at most ``most``, or None.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is {quoted(value)}; give a whole number, such as 25.") from error
    if isinstance(value, bool) or not (isinstance(value, str) or number == value):
        raise ValueError(f"{name} is {quoted(value)}; give a whole number, such as 25.")
    if abs(number) > most:
        raise ValueError(f"{name} is {quoted(value)}; give at most {most:,}.")
    return number


def read_number(name: str, value: Any) -> float | None:
    """Reads a number, or None for None and for an empty field of a form.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, bool):
            raise TypeError("a boolean")
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is {quoted(value)}; give a number, such as 0.5.") from error


def read_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Reads an object of JSON; None is an empty one.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is {quoted(value)}; give an object with names and values.")
    return value


def read_list(name: str, value: Any) -> list[Any]:
    """Reads a list; None is an empty one.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    if value is None:
        return []
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValueError(f"{name} is {quoted(value)}; give a list.")
    try:
        return list(value)
    # An array without dimensions is iterable by its type only.
    except TypeError as error:
        raise ValueError(f"{name} is {quoted(value)}; give a list.") from error


def read_numbers(name: str, value: Any) -> list[float]:
    """Reads a list of numbers.

    Raises:
        ValueError: if it is another value; the message says what to give
    """
    numbers = []
    for number in read_list(name, value):
        try:
            if isinstance(number, bool) or not isinstance(number, Real):
                raise TypeError("no number")
            numbers.append(float(number))
        except (TypeError, OverflowError) as error:
            raise ValueError(f"{name} has {quoted(number)}; give numbers only.") from error
    return numbers


def read_ids(name: str, value: Any) -> tuple[str, ...]:
    """Reads ids: one or several, each a string or an ``ObjectId``; none for None or ``""``.

    Raises:
        ValueError: if it has another value; the message says what to give
    """
    if isinstance(value, ObjectId) or (isinstance(value, str) and value):
        value = [value]
    ids = () if isinstance(value, str) else tuple(read_list(name, value))
    for id in ids:
        if not isinstance(id, ObjectId) and not (isinstance(id, str) and _ID.fullmatch(id)):
            raise ValueError(
                f"{name} has {quoted(id)}, which is no id; ids have {ID_DIGITS} hexadecimal digits."
            )
    return tuple(str(id) for id in ids)
