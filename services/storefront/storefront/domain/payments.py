"""Payment tokens that the embedded gateway knows; a real gateway brings tokens of its own."""

TOKENS: dict[str, str] = {
    "tok_visa": "succeeds",
    "tok_declined": "is declined",
    "tok_slow": "succeeds after five seconds",
    "tok_lost": "charges, but the answer to the first attempt is lost",
}

# Who only tries whether buying works: the token as it is kept with an order. What is sent is a
# secret; this itself nobody may send. Such an order is paid for without the gateway, takes no
# stock, counts for nothing, and teaches nothing.
REHEARSAL = "tok_rehearsal"
