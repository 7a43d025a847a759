"""The vocabulary check finds banned words where they are, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import check_vocabulary
import pytest
from check_vocabulary import Vocabulary, check_file

RULES = """
# A comment.
[identifiers]
gadget -> tool
old name -> new_name
*widget* -> part
Device -> Machine
fetch() -> load

[phrases]
by heart -> from memory
Broken label -> Failed
near-hit* -> neighbor

[spelling]
gizmoe* -> gizmo

[allowed]
gadget in docs_of/gadgets.py -> it is one
gizmoe* in menu.md -> a name
"""
VOCABULARY = Vocabulary.parse(RULES)


def findings(folder: Path, name: str, source: str) -> list[tuple[int, str, str]]:
    """Checks a file with some content; returns the line, the word and the advice."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return [(f.line, f.name, f.rule.advice) for f in check_file(VOCABULARY, path, folder)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("gadget = 1\n", "gadget"),
        ("_gadget = 1\n", "_gadget"),
        ("GADGET = 1\n", "GADGET"),
        ("class Gadget: ...\n", "Gadget"),
        ("def gadget(): ...\n", "gadget"),
        ("def f(gadget): ...\n", "gadget"),
        ("def f(*, gadget=1): ...\n", "gadget"),
        ("self.gadget = 1\n", "gadget"),
        ("for gadget in (): ...\n", "gadget"),
        ("[gadget for gadget in ()]\n", "gadget"),
        ("with f() as gadget: ...\n", "gadget"),
        ("if (gadget := 1): ...\n", "gadget"),
        ("import x as gadget\n", "gadget"),
        ("try: ...\nexcept ValueError as gadget: ...\n", "gadget"),
        ("class A:\n    gadget: int\n", "gadget"),
        ("old_name = 1\n", "old_name"),
        ("class OldName: ...\n", "OldName"),
        ("my_widget_list = 1\n", "my_widget_list"),
        ("class Device: ...\n", "Device"),
        ("def fetch(): ...\n", "fetch"),
        ("neutral_gizmoes = 1\n", "neutral_gizmoes"),
    ],
)
def test_a_banned_name_that_python_defines(tmp_path: Path, source: str, name: str) -> None:
    assert [word for _, word, _ in findings(tmp_path, "a.py", source)] == [name]


@pytest.mark.parametrize(
    "source",
    [
        "gadgets = my_gadget = 1\n",
        "name = old = 1\n",
        "device = 1\n",
        "fetch = 1\n",
        "print(other.gadget)\n",
        "f(gadget=1)\n",
        "import gadget\n",
        "x = 'gadget'  # gadget\n",
    ],
)
def test_a_name_that_is_not_banned_or_not_defined_here(tmp_path: Path, source: str) -> None:
    assert findings(tmp_path, "a.py", source) == []


def test_modules_and_packages_have_names_too(tmp_path: Path) -> None:
    assert findings(tmp_path, "gadget.py", "") == [(1, "gadget", "tool")]
    assert findings(tmp_path, "gadget/__init__.py", "") == [(1, "gadget", "tool")]


def test_phrases_in_comments_and_strings_with_their_lines(tmp_path: Path) -> None:
    source = (
        '"""A module.\n\nKnows it by\nheart.\n"""\n'  # lines 1 to 5
        "# Learned by\n# heart.\n"  # 6 and 7
        "x = ('by '\n     'Heart')\n"  # 8 and 9
        "by = heart = 1\n"
        "y = f'{by} near-hits'\n"  # 11
    )
    assert findings(tmp_path, "a.py", source) == [
        (3, "by heart", "from memory"),
        (6, "by heart", "from memory"),
        (8, "by Heart", "from memory"),
        (11, "near-hits", "neighbor"),
    ]


def test_comments_on_distant_lines_are_different_texts(tmp_path: Path) -> None:
    assert findings(tmp_path, "a.py", "# Stand by\nx = 1\n# heart\n") == []


def test_the_case_of_a_phrase_matters_if_the_rule_has_a_capital(tmp_path: Path) -> None:
    assert findings(tmp_path, "a.md", "A broken label.\n") == []
    assert findings(tmp_path, "a.md", "Broken label\n") == [(1, "Broken label", "Failed")]


def test_phrases_are_whole_words(tmp_path: Path) -> None:
    assert findings(tmp_path, "a.md", "Stand-by heartily, baby heart, by hearts.\n") == []


def test_spelling_in_markdown(tmp_path: Path) -> None:
    assert findings(tmp_path, "a.md", "# Title\n\nGizmoes.\n") == [(3, "Gizmoes", "gizmo")]


def test_an_exception_applies_to_its_path_only(tmp_path: Path) -> None:
    assert findings(tmp_path, "docs_of/gadgets.py", "gadget = 1\n") == []
    assert findings(tmp_path, "docs_of/others.py", "gadget = 1\n") == [(1, "gadget", "tool")]
    assert findings(tmp_path, "menu.md", "gizmoe\n") == []


PAGE = """\
import { gadget } from "./by heart.ts"; // by heart
/** Not a gadget,
 * known by
 * heart. */
const x = /gadget"/.test(`by ${oldName} heart ${other.gadget}`);
function fetch<T>(a: T): a is Gadget { return this.widgets < a && a > fetch; }
const f = <M extends string>(gadget: M) => x / gadget / x;
return (
  <Box gadget={gadget} title="by heart">
    gadget, by
    heart {/* by heart */ rows.map((row) => <p key={row.gadget}>by heart{gadget}</p>)} by heart
    <></>
    <br /> gadget
  </Box>
);
const gadget = 'near-hit';
"""


def test_names_and_texts_of_typescript(tmp_path: Path) -> None:
    tool, text = "tool", "from memory"
    assert sorted(findings(tmp_path, "a.tsx", PAGE)) == sorted(
        [
            (1, "gadget", tool), (1, "by heart", text), (1, "by heart", text),
            (3, "by heart", text), (5, "oldName", "new_name"),
            (6, "fetch", "load"), (6, "Gadget", tool),
            (7, "gadget", tool), (9, "gadget", tool), (9, "by heart", text),
            (10, "by heart", text), (11, "by heart", text), (11, "by heart", text),
            (11, "gadget", tool), (11, "by heart", text),
            (16, "gadget", tool), (16, "near-hit", "neighbor"),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "line"),
    [("gadget -> tool", 1), ("[phrases]\ngadget", 2), ("[other]\ngadget -> tool", 2)],
)
def test_a_rule_without_section_or_advice_is_refused(source: str, line: int) -> None:
    with pytest.raises(ValueError, match=f"Line {line} must be 'pattern -> advice'"):
        Vocabulary.parse(source)


def test_the_vocabulary_of_the_project_can_be_read() -> None:
    vocabulary = Vocabulary.parse(check_vocabulary.VOCABULARY.read_text())
    assert {"found", "one"} <= {rule.pattern for rule in vocabulary.identifiers}
    assert vocabulary.phrases and vocabulary.spelling


def test_the_status_is_one_if_a_word_is_banned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rule = Vocabulary.parse(check_vocabulary.VOCABULARY.read_text()).phrases[0]
    (tmp_path / "good.md").write_text("Again.\n")
    (tmp_path / "bad.md").write_text(f"Done {rule.pattern}.\n")
    monkeypatch.setattr(check_vocabulary, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["check_vocabulary.py", str(tmp_path / "good.md")])
    check_vocabulary.main()
    monkeypatch.setattr("sys.argv", ["check_vocabulary.py", str(tmp_path / "bad.md")])
    with pytest.raises(SystemExit) as stopped:
        check_vocabulary.main()
    assert stopped.value.code not in (0, None)
    expected = f"bad.md:1: '{rule.pattern}'; use instead: {rule.advice}\n"
    assert capsys.readouterr().out == expected
