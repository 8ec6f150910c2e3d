"""Passwords, hashed with Argon2id off the event loop (RFC 9106; parameters above OWASP's least)."""

from __future__ import annotations

import asyncio
import functools
import os
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 32 MiB and about 40 ms each. As many at a time as there are cores: a flood of sign-ins queues up
# here instead of taking the pod's memory, and the loop goes on serving pages.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="argon2")


@functools.cache
def _nobody() -> str:
    """A hash that no password matches, to spend on unknown addresses the time of a known one."""
    return _HASHER.hash(os.urandom(32))


async def hash_password(password: str) -> str:
    """An Argon2id hash with its own salt and parameters in it."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _HASHER.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` made the hash; None takes the same time and is False."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
