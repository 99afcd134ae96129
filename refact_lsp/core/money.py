"""Money as whole micro-dollars inside, as a decimal string of dollars on the wire.

Prices are dollars per million tokens, so tokens times price is micro-dollars.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Price, Usage

_MICROS = 1_000_000
_MOST_DOLLARS = 1_000_000_000


def cost_micros(usage: Usage, price: Price) -> int:
    """Price a request; cached tokens cost the plain price where they have none of their own."""
    read = usage.cache_read_tokens or 0
    written = usage.cache_write_tokens or 0
    plain = max(0, usage.input_tokens - read - written)
    exact = (
        plain * price.input
        + read * _either(price.cache_read, price.input)
        + written * _either(price.cache_write, price.input)
        + usage.output_tokens * price.output
    )
    return int(exact.to_integral_value(ROUND_HALF_UP))


def dollars(micros: int) -> str:
    """Write micro-dollars as dollars without trailing zeros: 1500000 is "1.5"."""
    text = f"{Decimal(micros) / _MICROS:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_dollars(text: str, *, field: str) -> int:
    """Read dollars as micro-dollars; refuses what is no amount or below zero."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= _MOST_DOLLARS:
        raise refuse(
            "invalidRequest",
            f"{text!r} is not an amount of dollars.",
            'Write it as a decimal string, for example "20" or "12.50".',
            field=field,
        )
    return int((amount * _MICROS).to_integral_value(ROUND_HALF_UP))


def _either(own: Decimal | None, plain: Decimal) -> Decimal:
    return plain if own is None else own
