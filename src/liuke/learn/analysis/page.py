"""The report as one self-contained page: both languages, light and dark, intervals drawn as SVG."""

from __future__ import annotations

from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from liuke.learn.analysis import wording
from liuke.learn.analysis.contracts import AnalysisReport, Comparison, Interval, MetricResult

WIDTH, HEIGHT, PAD = 150, 34, 8  # of a drawn interval, in CSS pixels
SHOWN_GROUPS = 12

_environment = Environment(
    loader=PackageLoader("liuke.learn.analysis", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_page(report: AnalysisReport, language: Literal["zh", "en"] = "zh") -> str:
    """Return the report as HTML that needs nothing from elsewhere.

    Parameters
    ----------
    language
        Which language is shown first; a button shows the other.
    """
    template = _environment.get_template("report.html.j2")
    return template.render(
        report=report,
        language=language,
        html_language={"zh": "zh-CN", "en": "en"}[language],
        both=_both,
        draw=_draw,
        wording=wording,
        by_name={metric.name: metric for metric in report.metrics},
        values=lambda metric: {value.arm: value for value in metric.arms},
        groups=report.segments.groups[:SHOWN_GROUPS] if report.segments else (),
        interval=_interval,
    )


def _both(zh: object, en: object) -> Markup:
    """Return both languages; the page's style shows one."""
    return Markup('<span lang="zh-CN">{}</span><span lang="en">{}</span>').format(str(zh), str(en))


def _interval(metric: MetricResult, shown: Interval, *, value: bool = True) -> Markup:
    unit = wording.unit_text(metric)
    ends = f"{wording.ends(metric, shown.low, low=True)}, {wording.ends(metric, shown.high, low=False)}"
    if not value:
        return Markup('<span class="ends">({})</span>').format(ends)
    first = wording.ends(metric, shown.value, low=True)
    return Markup('{} {} <span class="ends">({})</span>').format(first, _both(unit.zh, unit.en), ends)


def _draw(metric: MetricResult, one: Comparison, looks: str) -> Markup:
    """Draw the fixed interval (thick) within the sequential one (thin), around zero, on a scale of its own."""
    shown = [one.fixed, one.sequential]
    known = [abs(end) for each in shown for end in (each.low, each.high, each.value) if end is not None]
    known.append(metric.worthwhile)
    most = max(known) or 1.0

    def x(value: float | None, open_end: float) -> float:
        return PAD + (WIDTH - 2 * PAD) * (((open_end if value is None else value) / most) + 1) / 2

    middle, zero = HEIGHT / 2, x(0.0, 0.0)
    lines = [
        f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="2" y2="{HEIGHT - 2}"/>',
        *(
            f'<line class="{name}" x1="{x(each.low, -most):.1f}" x2="{x(each.high, most):.1f}" '
            f'y1="{middle}" y2="{middle}"/>'
            for name, each in (("wide", one.sequential), ("narrow", one.fixed))
        ),
        f'<circle class="point" cx="{x(one.fixed.value, 0.0):.1f}" cy="{middle}" r="4.5"/>',
    ]
    if metric.worthwhile:
        mark = x(metric.worthwhile if metric.direction == "up" else -metric.worthwhile, 0.0)
        lines.insert(1, f'<line class="worth" x1="{mark:.1f}" x2="{mark:.1f}" y1="4" y2="{HEIGHT - 4}"/>')
    text = wording.difference_text(metric, one.deciding(looks))
    label = escape(f"{metric.name}: {text.zh} / {text.en}")
    return Markup(  # noqa: S704 (its values are numbers of ours, and the label is escaped)
        f'<svg role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(lines)}</svg>"
    )
