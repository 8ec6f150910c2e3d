"""Payment tokens that the embedded gateway knows; a real gateway brings tokens of its own."""

TOKENS: dict[str, str] = {
    "tok_visa": "succeeds",
    "tok_declined": "is declined",
    "tok_slow": "succeeds after five seconds",
    "tok_lost": "charges, but the answer to the first attempt is lost",
}
