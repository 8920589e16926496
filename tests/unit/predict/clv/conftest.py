"""The CDNOW sample in weeks, as the literature cuts it: 39 weeks to learn from, 39 to judge by."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

CALIBRATION_END = date(1997, 9, 30)


@dataclass(frozen=True)
class Cdnow:
    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    mean_repeat_spend: np.ndarray
    held_out: np.ndarray

    @property
    def history(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.frequency, self.recency, self.T


@pytest.fixture(scope="session")
def cdnow_weeks(data_dir: Path) -> Cdnow:
    spent: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    later: dict[str, set[date]] = defaultdict(set)
    with gzip.open(data_dir / "cdnow" / "cdnow_sample.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day = datetime.strptime(row["date"], "%Y%m%d").date()
            if day <= CALIBRATION_END:
                spent[row["customer_id"]][day] += float(row["dollars"])
            else:
                later[row["customer_id"]].add(day)
    days = [sorted(of.items()) for of in spent.values()]
    return Cdnow(
        frequency=np.array([len(of) - 1 for of in days], dtype=float),
        recency=np.array([(of[-1][0] - of[0][0]).days / 7 for of in days]),
        T=np.array([(CALIBRATION_END - of[0][0]).days / 7 for of in days]),
        mean_repeat_spend=np.array([np.mean([amount for _, amount in of[1:]] or [0.0]) for of in days]),
        held_out=np.array([len(later[customer]) for customer in spent]),
    )
