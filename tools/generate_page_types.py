"""Writes the types of the page's messages from the panels' methods and ``panels/messages.py``.

Run ``python tools/generate_page_types.py``. The file is committed; a test compares it.
"""

from __future__ import annotations

import types
from pathlib import Path
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

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.brain.retrieval.answer_types import AnswerTerm, PinnedSample, ResultRow
from fiftyone_faiss.panels import (
    PANELS,
    cluster_messages,
    curate_messages,
    explain_messages,
    grid_messages,
    index_messages,
    labels_messages,
    map_messages,
    matrix_messages,
    messages,
    models_messages,
    run_messages,
    scores_messages,
    selection_messages,
    text_tag_messages,
    tile_messages,
)
from fiftyone_faiss.panels.base import methods_of

TARGET = Path(__file__).resolve().parent.parent / "panels" / "view" / "src" / "generated.ts"
WIDTH = 100

HEADER = """\
// The messages between the page and the panel. Written by tools/generate_page_types.py from
// panels/messages.py and the methods of the panels; do not edit it.
"""
MODULES = (
    messages,
    tile_messages,
    explain_messages,
    grid_messages,
    index_messages,
    run_messages,
    scores_messages,
    selection_messages,
    cluster_messages,
    text_tag_messages,
    labels_messages,
    models_messages,
    curate_messages,
    map_messages,
    matrix_messages,
)
ALIASES = {
    **messages.ALIASES,
    **explain_messages.ALIASES,
    **index_messages.ALIASES,
    **scores_messages.ALIASES,
    **selection_messages.ALIASES,
    **cluster_messages.ALIASES,
    **text_tag_messages.ALIASES,
    **labels_messages.ALIASES,
    **models_messages.ALIASES,
    **curate_messages.ALIASES,
    **map_messages.ALIASES,
    **matrix_messages.ALIASES,
}
_SIMPLE = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def page_types() -> str:
    """The text of ``generated.ts``."""
    values = [item for module in MODULES for item in vars(module).items()]
    public = [value for name, value in values if not name.startswith("_")]
    # A module may import definitions of another one.
    definitions = dict.fromkeys(
        (
            AnswerTerm,
            ResultFile,
            PinnedSample,
            ResultRow,
            *(value for value in public if is_typeddict(value)),
        )
    )
    parts = [HEADER]
    parts += [_alias(name, value) for name, value in ALIASES.items()]
    parts += [_interface(definition) for definition in definitions]
    parts.append(_methods())
    parts.append("export type PanelMethod = keyof PanelMethods;\n")
    return "\n".join(parts)


def _alias(name: str, value: Any) -> str:
    return f"export type {name} = {_type(value, named=False)};\n"


def _interface(definition: Any) -> str:
    """A TypedDict as an interface, with the first paragraph of its docstring."""
    hints = get_type_hints(definition, include_extras=True)
    name = definition.__name__
    text = " ".join((definition.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
    comment = _comment(text)
    if not hints:
        return f"{comment}export type {name} = Record<string, never>;\n"
    optional = definition.__optional_keys__
    lines = [
        f"  {key}{'?' if key in optional else ''}: {_type(value)};" for key, value in hints.items()
    ]
    return "\n".join([f"{comment}export interface {name} {{", *lines, "}\n"])


def _comment(text: str) -> str:
    if len(text) <= WIDTH - len("/** */ "):
        return f"/** {text} */\n"
    lines, line = ["/**"], " *"
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = " *"
        line += f" {word}"
    return "\n".join([*lines, line, " */\n"])


def _methods() -> str:
    """The parameters and the answer of each method; panels share those of one name."""
    lines = []
    methods = {name: method for panel in PANELS for name, method in methods_of(panel).items()}
    for name, method in methods.items():
        hints = get_type_hints(method, include_extras=True)
        params, answer = _type(hints["params"]), _type(hints["return"])
        line = f"  {name}: {{ params: {params}; answer: {answer} }};"
        if len(line) > WIDTH:
            line = f"  {name}: {{\n    params: {params};\n    answer: {answer};\n  }};"
        lines.append(line)
    comment = "/** The parameters and the answer of each method of the panels. */"
    return "\n".join([comment, "export interface PanelMethods {", *lines, "}\n"])


def _type(value: Any, named: bool = True) -> str:
    """A type in TypeScript."""
    if named:
        for name, alias in ALIASES.items():
            if value == alias:
                return name
    origin, arguments = get_origin(value), get_args(value)
    if value in _SIMPLE:
        return _SIMPLE[value]
    if value is Any:
        return "unknown"
    if is_typeddict(value):
        return str(value.__name__)
    if origin is Annotated:
        return _annotated(*arguments)
    if origin is Literal:
        return " | ".join(_literal(choice) for choice in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(_type(member) for member in arguments))
    if origin is list:
        member = _type(arguments[0])
        return f"({member})[]" if " " in member else f"{member}[]"
    if origin is dict:
        return f"Record<string, {_type(arguments[1])}>"
    raise TypeError(f"{value} has no type in TypeScript; add it to tools/generate_page_types.py.")


def _annotated(value: Any, note: int | str) -> str:
    """TypeScript that is given as a text, or a list of a given length."""
    if isinstance(note, str):
        return note
    return f"[{', '.join([_type(get_args(value)[0])] * note)}]"


def _literal(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else f'"{choice}"'


if __name__ == "__main__":
    TARGET.write_text(page_types(), encoding="utf-8")
