"""Every command, option, file, setting and make target that a text names exists: pages, hints, the console.

What is checked is counted: a test that looks at nothing can't fail.
"""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Context
from typer.main import get_command
from typer.testing import CliRunner

from liuke.app.cli.main import cli
from liuke.app.examples import examples_dir
from liuke.app.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("README.md")])
CONSOLE = sorted((ROOT / "web" / "src" / "i18n").glob("*.ts"))
WORKSPACE = frozenset(("liuke.toml", "behaviours.yaml", "inbox", "sources", "tags", "segments", "strategies", "lake"))
"""What a workspace holds: a page may name any file of the shop's there."""

PLANNED = ("docs/decisions/0003-schema-without-migrations-yet.md", ["upgrade"])
"""What a decision says will come: not there yet, by its own words."""

GROUP = get_command(cli)


def spans(text: str) -> Iterator[str]:
    """Yield the lines of a page's shell blocks, continued ones whole, and its code in running text."""
    for block in re.findall(r"```(?:bash|sh|console)\n(.*?)```", text, flags=re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands_in(line: str) -> Iterator[list[str]]:
    """Yield the calls of `liuke` in a line of shell; what follows a pipe, a semicolon or a comment is another."""
    for part in re.split(r"&&|\|\||[;|]", line.split(" #")[0]):
        found = re.match(r"\s*(?:[A-Z_]+=\S+\s+)*(?:\S*/)?liuke(\s+.*)?$", part)
        if found:
            try:
                yield shlex.split(found.group(1) or "")
            except ValueError:  # a quote that runs into the next part
                yield (found.group(1) or "").split()


def problem(words: list[str]) -> str | None:
    """Return what is wrong with a call, None if the command and its options exist."""
    command: Any = GROUP
    context = Context(command)
    rest = list(words)
    while hasattr(command, "list_commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if not re.fullmatch(r"[a-z][a-z-]*", name):
            return None  # a placeholder such as COMMAND or …
        command = command.get_command(context, name)
        if command is None:
            return f"no command {name!r}"
        context = Context(command, parent=context)
    known = {
        option for parameter in command.get_params(context) for option in (*parameter.opts, *parameter.secondary_opts)
    }
    known |= {"-h", "--help"}
    options = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    unknown = [option for option in options if option not in known]
    return f"no option {unknown[0]!r}" if unknown else None


def hints() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of every literal of the product; what stands in backticks there is said to somebody."""
    for path in sorted((ROOT / "src" / "liuke").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "`" in node.value:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def texts() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything that names things: pages, literals, the console's words."""
    for path in (*PAGES, *CONSOLE):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    yield from hints()


def test_every_command_line_that_is_named_parses() -> None:
    wrong, counted = [], 0
    for where, text in texts():
        for line in spans(text):
            for words in commands_in(line):
                counted += 1
                if (found := problem(words)) is not None and (where, words) != PLANNED:
                    wrong.append(f"{where}: liuke {' '.join(words)}: {found}")
    assert wrong == []
    assert counted > 120


@pytest.mark.parametrize("call", ["trials plann", "ingest --dryrun", "nonsense", "lake tables --jsn -w x"])
def test_a_wrong_command_line_is_found(call: str) -> None:
    assert problem(call.split()) is not None


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    named = [
        (where, target)
        for where, text in texts()
        for line in spans(text)
        for target in re.findall(r"^\s*(?:[A-Z_]+=\S+\s+)*make ([a-z][a-z-]*)", line)
    ]
    assert [one for one in named if one[1] not in targets] == []
    assert len(named) > 20


PLACE = re.compile(r"^(?:src|tests|docs|web|benchmarks|examples|src/liuke)/[\w./*-]+$|^[\w-]+\.(?:md|toml)$")


def test_every_path_that_is_named_exists() -> None:
    wrong, counted = [], 0
    for page in PAGES:
        for span in spans(page.read_text(encoding="utf-8")):
            if not PLACE.match(span) or span.split("/")[0] in WORKSPACE:
                continue
            counted += 1
            near = (ROOT, page.parent, ROOT / "src" / "liuke", ROOT / "src", examples_dir())
            if not any(list(base.glob(span.rstrip("/"))) for base in near):
                wrong.append(f"{page.relative_to(ROOT)}: {span}")
    assert wrong == []
    assert counted > 25


def test_every_setting_that_is_named_exists() -> None:
    sections = {
        name: set(getattr(field.annotation, "model_fields", {})) for name, field in Settings.model_fields.items()
    }
    wrong, counted = [], 0
    for where, text in texts():
        for section, key in settings_in(text):
            counted += 1
            if key not in sections.get(section, ()):
                wrong.append(f"{where}: [{section}] {key}")
    assert wrong == []
    assert counted > 7


def settings_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield (section, key) of what a text names: in blocks of TOML, as `[section] key`, as `key` under `[section]`."""
    for block in re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL):
        for section, values in tomllib.loads(block).items():
            yield from ((section, key) for key in values)
    for span in spans(text):
        if found := re.fullmatch(r"\\?\[(\w+)\] (\w+)(?: =.*)?", span):
            yield found[1], found[2]
    for keys, section in re.findall(r"((?:`\w+`(?:, | and )?)+) (?:under|in|of)\s+`\[(\w+)\]`", text):
        yield from ((section, key) for key in re.findall(r"\w+(?=`)", keys))


def all_commands(command: Any = GROUP, path: tuple[str, ...] = (), parent: Context | None = None) -> Iterator[Any]:
    """Yield (words, command, context) of every command, loading those that load lazily."""
    context = Context(command, parent=parent, info_name=path[-1] if path else "liuke")
    yield path, command, context
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from all_commands(command.get_command(context, name), (*path, name), context)


def test_help_loses_nothing_of_what_was_written() -> None:
    """`[server]` in a help text is a section's name, not a style; -h works wherever --help does."""
    counted = 0
    for path, command, context in all_commands():
        asked = CliRunner().invoke(cli, [*path, "-h"], env={"COLUMNS": "400", "TERM": "dumb"})
        assert asked.exit_code == 0, f"liuke {' '.join(path)} -h"
        said = re.sub(r"\s+", " ", asked.output)
        for parameter in command.get_params(context):
            written = (getattr(parameter, "help", None) or "").replace("\\[", "[")
            for name in re.findall(r"\[[a-z_. ]+\]", written):
                assert name in said, f"liuke {' '.join(path)}: {name} of {written!r} is lost"
                counted += 1
            plain = re.sub(r"\s+", " ", written)
            assert plain[:60] in said, f"liuke {' '.join(path)}: {plain[:60]!r} is not in its help"
        counted += 1
    assert counted > 45
