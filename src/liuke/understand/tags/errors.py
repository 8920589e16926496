"""What can be wrong with a tag definition, said so that its author can mend it."""

from __future__ import annotations

from collections.abc import Iterable

from liuke.kernel import SettingsError, hints


class DefinitionError(SettingsError):
    """A tag definition that cannot be read, compiled or found."""


class CycleError(DefinitionError):
    """Tags that are defined by each other; `path` names them in order, the first again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            f"these tags are defined by each other: {' -> '.join(path)}",
            hint="let one of them be computed from a source instead of from the next tag",
            zh=f"这些标签互相定义：{' -> '.join(path)}；请让其中一个直接从数据源算出",
        )
        self.path = path


def unknown(what: str, name: str, known: Iterable[str], where: str = "") -> DefinitionError:
    """Say that `name` is not a known `what`, and which known name was probably meant."""
    place = f" in {where}" if where else ""
    zh, en = hints(name, known)
    said = f"{where + ' 里' if where else ''}没有{_WORDS.get(what, what)}“{name}”，{zh}"
    return DefinitionError(f"unknown {what} {name!r}{place}", hint=en, zh=said)


_WORDS = {
    "tag": "标签", "value": "取值", "column": "列", "attribute": "商品属性", "event": "行为", "model": "模型",
    "profile field": "档案字段", "segment": "人群", "fact": "订单事实", "gender": "性别",
}  # fmt: skip
