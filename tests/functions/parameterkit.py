"""A Parameter Store that finds a parameter and may not, or cannot, decrypt it."""

from __future__ import annotations

from scriptedpeer import Behaviour, Exchange

# As Parameter Store answers when KMS denies, throttles, or has the key disabled.
UNREADABLE = ("AccessDeniedException", "ThrottlingException", "InvalidKeyId")


def refusing(error: str) -> Behaviour:
    """Answers every request with that error."""

    def refuse(exchange: Exchange) -> None:
        exchange.answer({"__type": error, "message": "KMS says no"}, status=400)

    return refuse
