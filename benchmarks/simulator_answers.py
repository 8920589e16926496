"""What do contacts change in the simulated shop, and is that what published trials found?

Two shops with the same seed live the same year; then one of them writes to all buyers of that year, an eighth per
offer, and an eighth is left alone. Every effect is exact (what happened minus what would have): only the size of the
shop limits it. Printed beside the trials whose audience and window come closest.

    python benchmarks/simulator_answers.py [CUSTOMERS] [VARIANT]
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from liuke_sim import CONTACTS, OFFERS, VARIANTS, VERSION, Shop, ShopConfig, deliveries

VALUE_MINOR = 1_500
CHANNELS = ("email", "sms")
PUBLISHED = """
published trials (audience, window)                                   visitors      buyers       value
Hillstrom 2008, e-mail to buyers of 12 months, 2 weeks        10.6 % +4.5/+7.7  0.57 % +0.31/+0.68
Starbucks exercise 2018, promotion, one purchase                               0.76 % +0.95
SSRN 3378498 (2019), campaigns to potential churners, 6 months                 churners -6 %   revenue +3 %
Ascarza et al. 2016, advice about tariffs, 3 months                            churn 6 % -> 10 %
"""


def main() -> None:
    """Print the effects by channel and offer, and the published ones."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    config = replace(VARIANTS[sys.argv[2] if len(sys.argv) > 2 else "plain"], customers=size, weeks=4)
    print(f"liuke_sim {VERSION}, {config.name}, {size:,} customers, seed 1; points per hundred customers, exact")
    with tempfile.TemporaryDirectory() as place:
        alone = Shop.generate(config, seed=1)
        alone.write_history(Path(place) / "alone")
        audience = np.unique(alone.purchases()["customer"].to_numpy())
        finish(alone, Path(place) / "alone")
        for channel in CHANNELS:
            trial(config, channel, audience, alone, Path(place))
    print(PUBLISHED)


def trial(config: ShopConfig, channel: str, audience: np.ndarray, alone: Shop, place: Path) -> None:
    """Send to the audience over one channel and print a line per offer."""
    start = config.weekly_from
    arm = np.random.default_rng(1).integers(0, len(OFFERS) + 1, len(audience))
    shop = Shop.generate(config, seed=1)
    shop.write_history(place / channel)
    for code, offer in enumerate(OFFERS):
        who = audience[arm == code]
        shop.receive(contacts(offer, channel, who, datetime.combine(start, time(10))))
    finish(shop, place / channel)
    came = [visitors(folder, start) for folder in (place / channel, place / "alone")]
    print(f"\n{channel}: {'offer':<12}{'n':>7}{'visit in 14 d':>22}{'buy in 14 d':>20}{'margin in 28 d':>18}")
    for code, offer in enumerate(OFFERS):
        who = audience[arm == code]
        entries = pa.table(
            {
                "campaign": [offer] * len(who),
                "customer": who,
                "arm": ["treated"] * len(who),
                "entered_on": [start] * len(who),
            }
        )
        short, long = ({r["metric"]: r for r in shop.true_effects(entries, days).to_pylist()} for days in (14, 28))
        visit = [100 * np.isin(who, one).mean() for one in came]
        bought, earned = base(alone, who, start, 14)[0], base(alone, who, start, 28)[1]
        print(
            f"{'':<{len(channel) + 2}}{offer:<12}{len(who):>7,}{visit[1]:>14.1f} % {visit[0] - visit[1]:>+5.1f}"
            f"{bought:>12.1f} % {100 * short['repurchase']['effect']:>+5.2f}"
            f"{earned / 100:>9.1f} ¥ {100 * long['margin']['effect'] / max(earned, 1):>+5.1f} %"
        )


def contacts(offer: str, channel: str, who: np.ndarray, at: datetime) -> pa.Table:
    """Return one contact per customer."""
    n = len(who)
    columns = [
        [f"{offer}-{one}" for one in who],
        who,
        [channel] * n,
        [at] * n,
        [offer] * n,
        [offer] * n,
        [VALUE_MINOR * (offer == "coupon")] * n,
    ]
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, CONTACTS.types, strict=True)], CONTACTS.names
    )


def finish(shop: Shop, folder: Path) -> None:
    """Live to the end."""
    for start, end in list(deliveries(shop)):
        shop.write_week(folder, start, end)


def base(shop: Shop, who: np.ndarray, start: date, days: int) -> tuple[float, float]:
    """Return buyers per hundred and margin per customer (fen) of those left alone, in the same window."""
    table = shop.purchases()
    inside = np.isin(table["customer"], who) & (table["occurred_on"].to_numpy() >= np.datetime64(str(start)))
    inside &= table["occurred_on"].to_numpy() < np.datetime64(str(start)) + np.timedelta64(days)
    share = len(np.unique(table["customer"].to_numpy()[inside])) / len(who)
    return 100 * share, float(table["margin_minor"].to_numpy()[inside].sum() / len(who))


def visitors(folder: Path, start: date) -> np.ndarray:
    """Return who came in the two weeks after `start`."""
    files = f"read_parquet('{folder}/behaviour/behaviour_*.parquet')"
    until = start + timedelta(days=14)
    sql = f"select distinct member_no - 100000000 as one from {files} where session_id is not null "
    return duckdb.sql(f"{sql} and occurred_at >= '{start}' and occurred_at < '{until}'").fetchnumpy()["one"]


if __name__ == "__main__":
    main()
