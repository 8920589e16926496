"""The churn report as one self-contained page: both languages, light and dark, the reliability table drawn as SVG."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from liuke.kernel.results import Estimate
from liuke.predict.churn.contracts import ChurnReport
from liuke.predict.evaluation import STATED_PRECISION, STATED_RECALL, ReliabilityRow

SIZE, PAD = 300, 34  # of the drawing, in CSS pixels

# What the report's keys are called on the page.
WORDS: dict[str, tuple[str, str]] = {
    "lightgbm": ("本模型", "Learner"),
    "majority": ("全猜多数类", "Majority"),
    "recency": ("最近购买", "Recency"),
    "rfm": ("RFM 排名", "RFM ranks"),
    "bg_nbd": ("BG/NBD", "BG/NBD"),
    "active": ("活跃买家", "Active buyers"),
    "all": ("全部买家", "All buyers"),
    "history": ("购买历史", "History"),
    "lifecycle": ("生命周期", "Lifecycle stage"),
    "value_tier": ("价值层级", "Value tier"),
    "one-time buyers": ("一次性买家", "One-time buyers"),
    "repeat buyers": ("复购买家", "Repeat buyers"),
    "new": ("新客", "New"),
    "growing": ("成长", "Growing"),
    "mature": ("成熟", "Mature"),
    "dormant": ("沉睡", "Dormant"),
    "lost": ("流失", "Lost"),
    "prospect": ("潜在", "Prospect"),
    "top_1": ("前1%", "Top 1 %"),
    "top_5": ("前5%", "Top 5 %"),
    "top_20": ("前20%", "Top 20 %"),
    "top_50": ("前50%", "Top 50 %"),
    "rest": ("其余", "The rest"),
    "unknown": ("未知", "Unknown"),
    "calm": ("平稳", "calm"),
    "watch": ("留意", "watch"),
    "alarm": ("警报", "alarm"),
    "score": ("评分", "Score"),
    "expected_silence": ("BG/NBD 不再购买的概率", "Churn by BG/NBD"),
    "isotonic": ("保序", "isotonic"),
    "platt": ("Platt", "Platt"),
    "constant": ("常数", "constant"),
    "longer": ("更长", "longer"),
    "shorter": ("更短", "shorter"),
    "no clear difference": ("无明显差别", "no clear difference"),
    "not enough data": ("数据不足", "not enough data"),
}

_environment = Environment(
    loader=PackageLoader("liuke.predict.churn", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def churn_page(report: ChurnReport, titles: Mapping[str, tuple[str, str]], language: str = "zh") -> str:
    """Return the report as HTML that needs nothing from elsewhere.

    Parameters
    ----------
    titles : mapping of feature to (Chinese, English) name
    language : str
        ``zh`` or ``en``: which is shown first; a button shows the other.
    """
    words = WORDS | dict(titles)
    return _environment.get_template("report.html.j2").render(
        report=report,
        html_language={"zh": "zh-CN", "en": "en"}[language],
        both=_both,
        word=lambda key: _both(*words.get(key, (key, key))),
        interval=_interval,
        percent=lambda value: f"{value:.1%}",
        draw=_draw,
        recall=f"{STATED_RECALL:.0%}",
        goal=f"{STATED_PRECISION:.0%}",
    )


def _both(zh: object, en: object) -> Markup:
    """Return both languages; the page's style shows one."""
    return Markup('<span lang="zh-CN">{}</span><span lang="en">{}</span>').format(str(zh), str(en))


def _interval(one: Estimate, digits: int = 3, sign: str = "") -> Markup:
    value, low, high = (f"{number:{sign}.{digits}f}" for number in (one.value, one.low, one.high))
    if value == "nan":
        return Markup("–")
    return Markup('{} <span class="small ends">({} … {})</span>').format(value, low, high)


def _draw(rows: tuple[ReliabilityRow, ...]) -> Markup:
    """Draw said against came, with the band of a perfect model."""

    def x(value: float) -> float:
        return round(PAD + value * (SIZE - 2 * PAD), 1)

    def y(value: float) -> float:
        return round(SIZE - PAD - value * (SIZE - 2 * PAD), 1)

    upper = " ".join(f"{x(row.predicted)},{y(row.high)}" for row in rows)
    lower = " ".join(f"{x(row.predicted)},{y(row.low)}" for row in reversed(rows))
    marks = Markup("").join(
        Markup('<circle class="{}" cx="{}" cy="{}" r="4.5"/>').format(
            "in" if row.inside else "out", x(row.predicted), y(row.observed)
        )
        for row in rows
    )
    ticks = Markup("").join(
        Markup('<text x="{}" y="{}">{}</text><text x="{}" y="{}" class="left">{}</text>').format(
            x(at) - 9, SIZE - PAD + 16, f"{at:.0%}", PAD - 5, y(at) + 4, f"{at:.0%}"
        )
        for at in (0.0, 0.5, 1.0)
    )
    return Markup(
        '<svg viewBox="0 0 {0} {0}" width="{0}" height="{0}" role="img" aria-label="reliability">'
        '<polygon class="band" points="{1} {2}"/><line class="even" x1="{3}" y1="{4}" x2="{5}" y2="{6}"/>{7}{8}</svg>'
    ).format(SIZE, upper, lower, x(0), y(0), x(1), y(1), marks, ticks)
