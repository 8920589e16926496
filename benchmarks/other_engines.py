"""Ask two other engines for their answers on random data and keep them for our tests.

They cannot live in this project's environment: tea-tasting 2 needs Python 3.12, spotify-confidence pulls a browser
driver and a notebook server. Run once, in an environment of their own, and commit what it prints:

    python3 -m venv other && other/bin/pip install "tea-tasting==1.14.*" "spotify-confidence==4.1.*"
    other/bin/python benchmarks/other_engines.py > tests/unit/learn/inference/other_engines.json
"""

from __future__ import annotations

import json
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import spotify_confidence as confidence  # type: ignore[import-not-found]
import tea_tasting as tea  # type: ignore[import-not-found]

SEED, UNITS = 20_260_801, (700, 500)  # control, treated


def columns(rng: np.random.Generator, n: int, lift: float) -> dict[str, np.ndarray]:
    before = rng.gamma(2.0, 20.0, n)
    orders = 1 + rng.poisson(0.3 + before / 60)
    orders_before = 1 + rng.poisson(0.3 + before / 60)
    spend = before * rng.lognormal(0, 0.5, n) * (1 + lift) + rng.gamma(1.0, 8.0, n)
    bought = (rng.random(n) < 0.3 + 0.1 * lift).astype(int)
    return {"before": before, "orders": orders, "orders_before": orders_before, "spend": spend, "bought": bought}


def sums(data: dict[str, np.ndarray]) -> dict[str, object]:
    """Return every sum and sum of products of the columns."""
    names = list(data)
    table = np.column_stack([data[name].astype(float) for name in names])
    return {
        "columns": names,
        "n": len(table),
        "totals": table.sum(axis=0).tolist(),
        "products": (table.T @ table).tolist(),
    }


def ask_tea(table: pa.Table) -> dict[str, dict[str, float]]:
    asked = {}
    for side in ("two-sided", "greater", "less"):
        for equal_var in (False, True):
            for use_t in (True, False):
                options = {"alternative": side, "equal_var": equal_var, "use_t": use_t}
                key = f"{side}/{'equal' if equal_var else 'unequal'}/{'t' if use_t else 'z'}"
                asked[f"mean/{key}"] = tea.Mean("spend", **options)
                asked[f"cuped/{key}"] = tea.Mean("spend", "before", **options)
                asked[f"ratio/{key}"] = tea.RatioOfMeans("spend", "orders", **options)
                asked[f"ratio-cuped/{key}"] = tea.RatioOfMeans("spend", "orders", "before", "orders_before", **options)
        for equal_var in (False, True):
            key = f"{side}/{'equal' if equal_var else 'unequal'}"
            asked[f"share/{key}"] = tea.Proportion(
                "bought", method="norm", correction=False, alternative=side, equal_var=equal_var
            )
    result = tea.Experiment(asked).analyze(table)
    return {name: {k: float(v) for k, v in row._asdict().items()} for name, row in result.items()}


def ask_tea_power(table: pa.Table) -> dict[str, float]:
    found = {}
    for ratio in (1, 2):
        for alternative in ("two-sided", "greater"):
            metric = tea.Mean("spend", alpha=0.05, ratio=ratio, alternative=alternative, rel_effect_size=0.1, n_obs=800)
            row = next(iter(metric.solve_power(table, "power")))
            found[f"{alternative}/{ratio}"] = float(row.power)
            found[f"{alternative}/{ratio}/effect"] = float(row.effect_size)
    return found


def ask_confidence(control: dict[str, np.ndarray], treated: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    rows, found = [], {}
    for name, data in (("control", control), ("treated", treated)):
        rows.append(
            {
                "group": name,
                "spend": data["spend"].sum(),
                "spend_sq": (data["spend"] ** 2).sum(),
                "bought": data["bought"].sum(),
                "n": len(data["spend"]),
            }
        )
    frame = pd.DataFrame(rows)
    for metric, square in (("spend", "spend_sq"), ("bought", "bought")):
        for engine in (confidence.ZTest, confidence.StudentsTTest):
            test = engine(
                frame,
                numerator_column=metric,
                numerator_sum_squares_column=square,
                denominator_column="n",
                categorical_group_columns=["group"],
                interval_size=0.95,
            )
            for absolute in (True, False):
                for margin in (None, (0.02, "increase"), (0.02, "decrease")):
                    row = test.difference("control", "treated", absolute=absolute, non_inferiority_margins=margin).iloc[
                        0
                    ]
                    kind = "absolute" if absolute else "relative"
                    key = f"{metric}/{engine.__name__}/{kind}/{margin[1] if margin else 'none'}"
                    found[key] = {k: float(row[k]) for k in ("difference", "ci_lower", "ci_upper", "p-value")}
    return found


def ask_confidence_sizes() -> dict[str, float]:
    size = confidence.SampleSize
    found = {}
    for alpha, power in ((0.05, 0.8), (0.05, 0.85), (0.14, 0.67)):
        n, _, _ = size.continuous(average_absolute_mde=0.3, baseline_variance=100, alpha=alpha, power=power)
        found[f"continuous/{alpha}/{power}"] = float(n)
        n, _, _ = size.binomial(absolute_percentage_mde=0.003, baseline_proportion=0.34, alpha=alpha, power=power)
        found[f"binomial/{alpha}/{power}"] = float(n)
    return found


def main() -> None:
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(SEED)
    control, treated = columns(rng, UNITS[0], 0.0), columns(rng, UNITS[1], 0.08)
    both = {name: np.concatenate([control[name], treated[name]]) for name in control}
    table = pa.table({"variant": np.repeat([0, 1], UNITS), **both})
    answers = {
        "engines": {name: version(name) for name in ("tea-tasting", "spotify-confidence", "numpy", "scipy")},
        "control": sums(control),
        "treated": sums(treated),
        "tea_tasting": ask_tea(table),
        "tea_tasting_power": ask_tea_power(table),
        "confidence": ask_confidence(control, treated),
        "confidence_sizes": ask_confidence_sizes(),
    }
    print(json.dumps(answers, indent=1))


if __name__ == "__main__":
    main()
