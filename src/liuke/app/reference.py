"""Writes the reference pages from the code, so that they can't lie: `make docs`; a test compares."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from liuke.app.bootstrap import LAKE_TABLES
from liuke.app.reference_nodes import nodes_page
from liuke.app.reference_tags import tags_page
from liuke.app.settings import Settings
from liuke.collect.behaviours import load_catalogue
from liuke.kernel import PersonalData, ShopProfile, TableSpec
from liuke.understand.metrics import MetricSettings, metric_definitions
from liuke.understand.tags import customer_tags_spec, load_definitions

_GENERATED = "<!-- Written by `make docs` from the code; don't edit. -->\n\n"


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "settings.md": settings_page(),
        "tables.md": tables_page(),
        "tags.md": _GENERATED + tags_page(),
        "tag-nodes.md": _GENERATED + nodes_page(),
        "metrics.md": metrics_page(),
        "behaviours.md": behaviours_page(),
    }


def settings_page() -> str:
    """Every setting of ``liuke.toml``."""
    lines = [_GENERATED + "# Settings\n\n`liuke init` writes `liuke.toml` with all of these at their defaults.\n"]
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        lines += _settings_section(section, model)
    lines.append(
        "## Environment\n\n"
        "| variable | meaning |\n|---|---|\n"
        "| `LIUKE_WORKSPACE` | workspace of every command, instead of `--workspace` |\n"
        "| `LIUKE_OPERATIONS_URL` | overrides `[store] operations_url`; the place for its password |\n"
        "| `LIUKE_KEY` | key of the personal fields (base64), instead of the file in `secrets/` |\n"
        "| `LIUKE_SMTP_PASSWORD` | password of the mail server |\n"
    )
    return "\n".join(lines)


def _settings_section(section: str, model: type[BaseModel]) -> list[str]:
    lines = [f"## [{section}]\n", "| setting | default | meaning |", "|---|---|---|"]
    nested: list[str] = []
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested += _settings_section(f"{section}.{key}", field.annotation)
            continue
        default = field.get_default(call_default_factory=True)
        shown = "" if default is None or default is PydanticUndefined else f"`{default}`"
        lines.append(f"| `{key}` | {shown} | {_cell(field.description or '')} |")
    return [*lines, "", *nested]


def tables_page() -> str:
    """Every lake table with grain, key, columns, units and marks of personal data."""
    lines = [
        _GENERATED + "# Tables of the lake\n",
        "Times are UTC without zone, days are the shop's. Marks: *pseudonym* needs the operational store to name a",
        "person, *personal* describes one, *child* somebody under 14. Names, numbers and addresses never stand in the",
        "lake.\n",
    ]
    for spec in (*LAKE_TABLES, customer_tags_spec(load_definitions(catalogue=load_catalogue(None)))):
        lines += _table_section(spec)
    return "\n".join(lines)


def _table_section(spec: TableSpec) -> list[str]:
    lines = [f"## {spec.name}\n", f"Grain: {spec.grain}. Key: {', '.join(f'`{name}`' for name in spec.key)}."]
    if spec.doc:
        lines.append(spec.doc)
    lines += ["", "| column | type | meaning | unit | personal |", "|---|---|---|---|---|"]
    for column in spec.columns:
        mark = "" if column.personal is PersonalData.NONE else column.personal.value
        lines.append(f"| `{column.name}` | {column.type} | {_cell(column.doc)} | {column.unit} | {mark} |")
    return [*lines, ""]


def metrics_page() -> str:
    """Every key figure with its formula."""
    lines = [_GENERATED + "# Key figures\n", "| figure | name | 名称 | formula | 公式 |", "|---|---|---|---|---|"]
    for one in metric_definitions(ShopProfile(), MetricSettings()):
        lines.append(f"| `{one.key}` | {one.en} | {one.zh} | {_cell(one.formula_en)} | {_cell(one.formula_zh)} |")
    return "\n".join(lines) + "\n"


def behaviours_page() -> str:
    """The catalogue of behaviours."""
    lines = [
        _GENERATED + "# Behaviours\n",
        "A shop adds its own in `behaviours.yaml` of its workspace.\n",
        "| event | name | 名称 | family | started by the customer |",
        "|---|---|---|---|---|",
    ]
    for one in load_catalogue(None):
        started = "yes" if one.started_by_customer else ""
        lines.append(f"| `{one.name}` | {one.en} | {one.zh} | {one.family} | {started} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the pages into the folder given on the command line."""
    folder = Path(sys.argv[1])
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
