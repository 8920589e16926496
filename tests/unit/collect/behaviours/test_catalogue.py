"""The catalogue of behaviours is data, complete and extensible."""

from __future__ import annotations

from pathlib import Path

import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.kernel import SettingsError

OWN = "language: 1\nbehaviours:\n  - {{name: {name}, zh: 午睡, en: Nap, family: care, started_by_customer: true}}\n"


def test_the_shipped_catalogue() -> None:
    catalogue = load_catalogue(None)
    assert len(catalogue) >= 20
    assert all("一" <= behaviour.zh[0] <= "鿿" for behaviour in catalogue)
    assert {"app_open", "search", "order_paid"} <= set(catalogue.active_names)
    # product.md: deliveries and message receipts don't make a customer active
    assert {"shipped", "delivered", "delivery_late", "message_delivered"}.isdisjoint(catalogue.active_names)


def test_a_shop_adds_its_own(tmp_path: Path) -> None:
    path = tmp_path / "behaviours.yaml"
    path.write_text(OWN.format(name="nap_started"), "utf-8")
    assert "nap_started" in load_catalogue(path)
    assert "nap_started" not in load_catalogue(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OWN.format(name="login"), "defined twice"),
        (OWN.format(name="Nap Started"), "should match pattern"),
        ("language: 1\nbehaviours: [{name: nap}]\n", "behaviours.0.zh"),
        ("language: 1\n  behaviours: [", "is no YAML"),
    ],
)
def test_a_wrong_file_says_so(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "behaviours.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=says):
        load_catalogue(path)
