"""YAML as people write it: a key that stands twice is refused by line, full-width digits are numbers.

Every definition of a shop is read through here. YAML itself lets a later key silently replace an earlier one, so that
half of a rule could vanish without a word.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from liuke.kernel.text import typed_number

_STARTS = "0123456789-+０１２３４５６７８９－＋"
_WITH_FULL_WIDTH = re.compile(r"(?=.*[０-９])[-+－＋]?[0-9０-９][0-9０-９,，.．]*$")
_MERGE = "tag:yaml.org,2002:merge"


class DuplicateKeyError(yaml.YAMLError):
    """A key that stands twice in one mapping."""

    def __init__(self, key: object, line: int, first: int) -> None:
        super().__init__(f"line {line}: the key {key!r} stands here a second time (first in line {first}); keep one")
        self.line = line


class _Loader(yaml.SafeLoader):
    """The safe loader, with the two differences that the module names."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        self._refuse_doubles(node)
        return super().construct_mapping(node, deep)

    def _refuse_doubles(self, node: yaml.MappingNode) -> None:
        if not isinstance(node, yaml.MappingNode):
            return
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE or not isinstance(key_node, yaml.ScalarNode):
                continue
            key, line = self.construct_object(key_node), key_node.start_mark.line + 1
            if key in lines:
                raise DuplicateKeyError(key, line, lines[key])
            lines[key] = line


def _full_width(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int | float | str:
    number = typed_number(node.value)
    return node.value if number is None else number


_Loader.yaml_implicit_resolvers = dict(yaml.SafeLoader.yaml_implicit_resolvers)
_Loader.add_implicit_resolver("!full-width", _WITH_FULL_WIDTH, list(_STARTS))
_Loader.add_constructor("!full-width", _full_width)


def read_yaml(text: str) -> Any:
    """Return what a YAML (or JSON) text says, as plain data.

    Raises
    ------
    yaml.YAMLError
        If it cannot be read, names a key twice, holds a day that is none, or nests too deeply; the message says where.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None:
            raise
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise yaml.YAMLError(f"line {error.problem_mark.line + 1}: {told}") from None
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except ValueError as error:  # a day such as 2026-02-30, a number with thousands of digits
        raise yaml.YAMLError(str(error)) from None
