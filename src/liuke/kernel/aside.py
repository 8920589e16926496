"""One bad definition, set aside: named, with its reason, while everything else goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from liuke.kernel.errors import LiukeError

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "behaviour": ("行为", "behaviour"), "tag": ("标签", "tag"), "segment": ("人群", "segment"),
    "strategy": ("策略", "strategy"), "template": ("模板", "template"), "trial": ("试验", "trial"),
})  # fmt: skip
"""What can be set aside: key to Chinese and English word."""


@dataclass(frozen=True)
class SetAside:
    """A definition that cannot be used as it stands.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    name : str
        Its key, or the file where not even that could be read.
    zh, en : str
        Why, in a sentence an operator can read, with what to do.
    """

    kind: str
    name: str
    zh: str
    en: str

    @classmethod
    def because(cls, kind: str, name: str, error: LiukeError) -> SetAside:
        """Return what an error says about a definition."""
        said = f"{error.message} ({error.hint})" if error.hint else error.message
        return cls(kind, name, error.zh or f"写法有误：{said}", said)

    @property
    def told(self) -> tuple[str, str]:
        """The whole sentence in both languages."""
        zh, en = KINDS[self.kind]
        return f"{zh} {self.name} 已搁置：{self.zh}", f"{en} {self.name} is set aside: {self.en}"
