"""What a source file says: the identifiers that it defines and the texts that it contains."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Identifier:
    """A name that a file defines, with the number of its line."""

    name: str
    line: int
    is_function: bool = False


@dataclass
class Text:
    """A comment, a string or a page of text; adjacent comments and adjacent strings are joined.

    Attributes:
        value: the text
        starts: the position in ``value`` where each line begins
        lines: the number of each of these lines in the file
    """

    value: str = ""
    starts: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, value: str, line: int) -> None:
        """Appends text that begins on a line of the file."""
        for i, part in enumerate(value.splitlines(keepends=True)):
            self.starts.append(len(self.value))
            self.lines.append(line + i)
            self.value += part

    def line_of(self, position: int) -> int:
        """Returns the number of the line in the file at a position of the text."""
        return self.lines[bisect_right(self.starts, position) - 1]


def plain_text(source: str) -> Iterator[Text]:
    """Yields a whole file as one text."""
    text = Text()
    text.add(source, 1)
    yield text


def python_texts(source: str) -> Iterator[Text]:
    """Yields the comments and the string literals of a Python file."""
    comments, strings = Text(), Text()
    last_comment = 0
    joined = (tokenize.NL, tokenize.COMMENT)
    fstring_middle = getattr(tokenize, "FSTRING_MIDDLE", None)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last_comment + 1:
                yield comments
                comments = Text()
            last_comment = token.start[0]
            comments.add(token.string.lstrip("#") + "\n", token.start[0])
        if token.type in (tokenize.STRING, fstring_middle):
            strings.add(_without_quotes(token.string), token.start[0])
        elif token.type not in joined and strings.value:
            yield strings
            strings = Text()
    yield comments
    yield strings


def _without_quotes(literal: str) -> str:
    body = literal.lstrip("rbfuRBFU") if literal[-1:] in "'\"" else literal
    for quotes in ('"""', "'''", '"', "'"):
        if body.startswith(quotes) and body.endswith(quotes) and len(body) >= 2 * len(quotes):
            return body[len(quotes) : len(body) - len(quotes)]
    return literal


def python_identifiers(source: str, path: Path) -> Iterator[Identifier]:
    """Yields the names that a Python file defines, the module's own name first.

    Names of other packages are read, but never defined, so they are not among them.
    """
    yield Identifier(path.parent.name if path.stem == "__init__" else path.stem, 1)
    for node in ast.walk(ast.parse(source)):
        yield from _defined_by(node)


def _defined_by(node: ast.AST) -> Iterator[Identifier]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Identifier(node.name, node.lineno, is_function=True)
        case ast.ClassDef():
            yield Identifier(node.name, node.lineno)
        case ast.arg():
            yield Identifier(node.arg, node.lineno)
        case ast.Name(ctx=ast.Store()):
            yield Identifier(node.id, node.lineno)
        case ast.Attribute(ctx=ast.Store()):
            yield Identifier(node.attr, node.lineno)
        case ast.alias(asname=str(name)):
            yield Identifier(name, node.lineno)
        case ast.ExceptHandler(name=str(name)):
            yield Identifier(name, node.lineno)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield Identifier(name, node.lineno)
