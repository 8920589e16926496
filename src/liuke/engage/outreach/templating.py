"""Turn a template and a customer's few values into a message, without trusting either.

Templates are data that operators write, so they run in an immutable sandbox and may only print values, choose with
``if`` and apply a dozen harmless filters: no loops, calls or arithmetic, hence no way to spend time or memory. A
variable that is missing is an error, never a blank in front of a customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template, meta, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from liuke.engage.outreach.errors import TemplateError

MAX_TEMPLATE_CHARACTERS = 50_000  # ten times the longest mail that anybody reads
MAX_MESSAGE_CHARACTERS = 200_000  # servers begin to clip mails at about 100 KB of HTML
MAX_VARIABLE_CHARACTERS = 500  # names and product titles; longer means that something else slipped in
PARTS = ("subject", "text", "html")
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If),
    *(nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Concat),
)
_FILTERS = frozenset({"capitalize", "default", "e", "escape", "lower", "title", "trim", "truncate", "upper"})
_TESTS = frozenset({"defined", "none", "undefined"})


@dataclass(frozen=True, slots=True)
class Content:
    """A rendered message."""

    subject: str
    text: str
    html: str


class TemplateLibrary:
    """Templates in folders, one file per template and language: ``<name>.<language>.yaml``.

    Parameters
    ----------
    folders
        Searched from the last to the first, so that a shop's own template replaces one that comes with the product.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._sources: dict[tuple[str, str], dict[str, str]] = {}
        self._codes: dict[str, list[str]] = {}
        self._compiled: dict[tuple[str, str, str], Template] = {}  # a file is read once in the library's life
        self._plain = _environment(autoescape=False)
        self._markup = _environment(autoescape=True)

    def check(self, name: str, purpose: str) -> None:
        """Make sure that every language of a template can be rendered.

        Raises
        ------
        TemplateError
            If it is missing, does something that templates may not, or is marketing without the line that lets a
            recipient end it.
        """
        for language in self._languages(name):
            source = self._source(name, language)
            for part in PARTS:
                tree = self._allowed(name, part, source[part])
                named = meta.find_undeclared_variables(tree)
                if purpose == "marketing" and part != "subject" and source[part] and "unsubscribe" not in named:
                    raise TemplateError(
                        f"The template {name}.{language} is marketing, and its {part} has no {{{{ unsubscribe }}}}.",
                        hint="Tell recipients how to end messages; the law asks for it.",
                    )

    def render(self, name: str, language: str, variables: Mapping[str, str], shop_language: str = "") -> Content:
        """Render a template for one customer.

        Parameters
        ----------
        language, shop_language
            The customer's, such as ``zh-CN``, which ``zh`` serves too; then the shop's, then whichever there is.
        variables
            Flat texts.

        Raises
        ------
        TemplateError
            If a variable is missing or too long, or a header would hold a line break.
        """
        available = self._languages(name)
        wanted = (part for one in (language, shop_language) for part in (one.lower(), one.lower().split("-")[0]))
        by_code = {code.lower(): code for code in available}
        chosen = next((by_code[code] for code in wanted if code in by_code), available[0])
        for key, value in variables.items():
            if len(value) > MAX_VARIABLE_CHARACTERS:
                raise TemplateError(f"The variable {key!r} of {name} is too long.", hint="Pass flat, short texts.")
        subject, text, html = (self._rendered(name, chosen, part, variables) for part in PARTS)
        if "\n" in subject or "\r" in subject or not subject:
            raise TemplateError(f"The subject of {name} is empty or has a line break.", hint="Keep it on one line.")
        return Content(subject, text, html)

    def _rendered(self, name: str, language: str, part: str, variables: Mapping[str, str]) -> str:
        try:
            made = self._template(name, language, part).render(variables)
        except JinjaError as error:
            raise TemplateError(f"The {part} of template {name}: {error}.", hint="Check its variables.") from None
        if len(made) > MAX_MESSAGE_CHARACTERS:
            raise TemplateError(f"The {part} of {name} came out too long.", hint="Shorten the template.")
        return made.strip() if part == "subject" else made

    def _template(self, name: str, language: str, part: str) -> Template:
        key = (name, language, part)
        if key not in self._compiled:
            source = self._source(name, language)[part]
            self._allowed(name, part, source)
            environment = self._markup if part == "html" else self._plain
            self._compiled[key] = environment.from_string(source)
        return self._compiled[key]

    def _allowed(self, name: str, part: str, source: str) -> nodes.Template:
        try:
            tree = self._plain.parse(source)
        except JinjaError as error:
            raise TemplateError(f"The {part} of template {name}: {error}.", hint="Check its braces.") from None
        for node in tree.find_all(nodes.Node):
            bad_word = (isinstance(node, nodes.Filter) and node.name not in _FILTERS) or (
                isinstance(node, nodes.Test) and node.name not in _TESTS
            )
            if bad_word or not isinstance(node, _NODES):
                what = getattr(node, "name", "") if bad_word else type(node).__name__.lower()
                raise TemplateError(
                    f"The {part} of template {name} uses {what!r}, which templates may not.",
                    hint=f"Only values, if and the filters {', '.join(sorted(_FILTERS))}.",
                )
        return tree

    def _languages(self, name: str) -> list[str]:
        if name not in self._codes:
            paths = (path for folder in self._folders for path in folder.glob(f"{name}.*.yaml"))
            codes = {path.name.removeprefix(f"{name}.").removesuffix(".yaml") for path in paths}
            if not codes:
                raise TemplateError(f"There is no template {name!r}.", hint=f"Write {name}.zh.yaml for it.")
            self._codes[name] = sorted(codes, reverse=True)  # zh before en where neither is asked for
        return self._codes[name]

    def _source(self, name: str, language: str) -> dict[str, str]:
        key = (name, language)
        if key not in self._sources:
            paths = [folder / f"{name}.{language}.yaml" for folder in reversed(self._folders)]
            self._sources[key] = _read(next(path for path in paths if path.exists()))
        return self._sources[key]


def _read(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    if len(text) > MAX_TEMPLATE_CHARACTERS:
        raise TemplateError(f"{path} is longer than {MAX_TEMPLATE_CHARACTERS} characters.", hint="Shorten it.")
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TemplateError(f"{path} is not valid YAML: {error}", hint="Check indentation and quotes.") from None
    parts = tree if isinstance(tree, dict) else {}
    unknown = set(parts) - set(PARTS)
    if unknown or not all(isinstance(parts.get(part), str) for part in ("subject", "text")):
        raise TemplateError(
            f"{path} is no template.", hint="It has the texts `subject`, `text` and, if wanted, `html`."
        )
    return {part: str(parts.get(part) or "") for part in PARTS}


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=autoescape, keep_trailing_newline=True)
