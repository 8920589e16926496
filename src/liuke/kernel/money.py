"""Amounts are whole minor units (分, cents) with a currency beside them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

# ISO 4217: currencies whose minor unit isn't a hundredth
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3) | {"CLF": 4, "UYW": 4}
_SYMBOLS = {"CNY": "¥", "JPY": "¥", "USD": "$", "GBP": "£", "EUR": "€", "KRW": "₩", "INR": "₹"}


def minor_exponent(currency: str) -> int:
    """Return how many decimals the currency's major unit has.

    Examples
    --------
    >>> [minor_exponent(currency) for currency in ("CNY", "JPY", "KWD")]
    [2, 0, 3]
    """
    return _EXPONENTS.get(currency.upper(), 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units, halves rounded to even.

    Examples
    --------
    >>> to_minor(Decimal("12.345"), "CNY")
    1234
    """
    return int(amount.scaleb(minor_exponent(currency)).to_integral_value(ROUND_HALF_EVEN))


def from_minor(minor: int, currency: str) -> Decimal:
    """Return minor units as an amount of the major unit."""
    return Decimal(minor).scaleb(-minor_exponent(currency))


def money_text(minor: float, currency: str, *, signed: bool = False) -> str:
    """Return minor units as people write an amount: symbol, two digits, a minus that isn't a hyphen.

    Examples
    --------
    >>> money_text(466.1, "CNY", signed=True), money_text(-269140, "CNY"), money_text(1200, "JPY")
    ('+¥4.66', '−¥2,691.40', '¥1,200')
    """
    whole = round(minor)
    sign = "−" if whole < 0 else "+" if signed and whole > 0 else ""
    digits = minor_exponent(currency)
    return f"{sign}{_SYMBOLS.get(currency, f'{currency} ')}{from_minor(abs(whole), currency):,.{digits}f}"
