"""Checked reading of JSON objects: each field is checked as it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

Value = TypeVar("Value")

# A name that could not lead out of the folder of a store.
_FILE_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}\.[a-z]{1,16}", re.ASCII)
MAX_CHECKSUM = 2**32 - 1
# The sum of a few of these fits into an int64.
MAX_INTEGER = 2**53


def is_file_name(name: str) -> bool:
    """Returns whether a name could be that of a file in the folder of a store."""
    return _FILE_NAME.fullmatch(name) is not None


class FieldError(ValueError):
    """Raised for a missing field or a wrong value; the message is a clause without a full stop."""


class Fields:
    """The fields of a JSON object; unknown fields are ignored.

    Args:
        values: the object
        path (""): where it is in the document, such as ``"segments[0]"``

    Raises:
        FieldError: if the value is not an object
    """

    def __init__(self, values: Any, path: str = "") -> None:
        if not isinstance(values, dict):
            raise FieldError(f"{path or 'the content'} is not a JSON object")
        self._values = values
        self._path = path

    @property
    def names(self) -> list[str]:
        """The names of the fields."""
        return list(self._values)

    def integer(self, name: str, minimum: int = 0, maximum: int = MAX_INTEGER) -> int:
        """Returns an integer within a range."""
        value = self._required(name)
        if type(value) is not int or not minimum <= value <= maximum:
            raise self._wrong(name, "an integer in its range")
        return value

    def checksum(self, name: str) -> int:
        """Returns a CRC-32."""
        return self.integer(name, 0, MAX_CHECKSUM)

    def number(self, name: str) -> float:
        """Returns a finite number."""
        value = self._required(name)
        if type(value) not in (int, float) or not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise self._wrong(name, "a number")
        return float(value)

    def boolean(self, name: str) -> bool:
        """Returns a truth value."""
        value = self._required(name)
        if type(value) is not bool:
            raise self._wrong(name, "true or false")
        return value

    def text(self, name: str) -> str:
        """Returns a text."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Returns one of several texts."""
        value = self.text(name)
        if value not in choices:
            raise self._wrong(name, f"one of {', '.join(choices)}")
        return value

    def file_name(self, name: str) -> str:
        """Returns the name of a file in the folder of a store."""
        value = self.text(name)
        if not is_file_name(value):
            raise self._wrong(name, "the name of a file")
        return value

    def optional(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """Returns what ``read`` returns, None if the field is missing or null."""
        return None if self._values.get(name) is None else read(name)

    def objects(self, name: str) -> list[Fields]:
        """Returns a list of objects."""
        values = self._required(name)
        if not isinstance(values, list):
            raise self._wrong(name, "a list")
        return [Fields(value, f"{self._at(name)}[{n}]") for n, value in enumerate(values)]

    def object(self, name: str) -> Fields:
        """Returns an object."""
        return Fields(self._required(name), self._at(name))

    def nullable(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """Returns what ``read`` returns, None if the field is null; it must not be missing."""
        return None if self._required(name) is None else read(name)

    def values(self, name: str) -> dict[str, Any]:
        """Returns an object as it is."""
        return self.object(name)._values

    def _required(self, name: str) -> Any:
        if name not in self._values:
            raise FieldError(f"{self._at(name)} is missing")
        return self._values[name]

    def _wrong(self, name: str, expected: str) -> FieldError:
        return FieldError(f"{self._at(name)} is not {expected}")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
