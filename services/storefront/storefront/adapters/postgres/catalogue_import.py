"""Upserting a catalogue file: copied into a temporary table, then compared and merged there.

Checkouts may go on meanwhile. Only rows that differ are rewritten, and stock rows are locked in SKU
order, as checkouts lock them, so that the two never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from storefront.domain.catalogue import CatalogueRow

from .pool import Connection, Record

_SECONDS = 120.0  # for any one statement: far more than 100,000 rows need
_LOCK = 7_360_451_290  # one import at a time

_INCOMING = """
    create temporary table incoming (
        line int not null, sku text primary key, slug text not null, name text not null,
        description text not null, category_slug text not null, category text not null,
        price int not null, currency text not null, stock int not null, image_url text not null,
        attributes text not null, attribute_text text not null
    ) on commit drop
"""
_CATEGORIES = """
    insert into categories as c (slug, name)
    select category_slug, min(category) from incoming group by category_slug order by min(line)
    on conflict (slug) do update set name = excluded.name where c.name <> excluded.name
"""
_NEW = """
    select i.sku, i.slug from incoming i
    where not exists (select from products p where p.sku = i.sku) order by i.line
"""
_NAME = """
    update incoming i set slug = n.slug
    from unnest($1::text[], $2::text[]) as n (sku, slug) where i.sku = n.sku and i.slug <> n.slug
"""
_INSERT = """
    insert into products (sku, slug, name, description, category_id, price, currency, image_url,
        attributes, attribute_text)
    select i.sku, i.slug, i.name, i.description, c.id, i.price, i.currency, i.image_url,
        i.attributes::json, i.attribute_text
    from incoming i join categories c on c.slug = i.category_slug
    where i.sku = any($1) order by i.line
"""
_INSERT_STOCK = """
    insert into stock (sku, available)
    select sku, stock from incoming where sku = any($1) order by line
"""
# The slug stays as it was: links to the product do not die when it is renamed.
_UPDATE = """
    update products p
    set name = i.name, description = i.description, category_id = c.id, price = i.price,
        currency = i.currency, image_url = i.image_url, attributes = i.attributes::json,
        attribute_text = i.attribute_text, updated_at = now()
    from incoming i join categories c on c.slug = i.category_slug
    where p.sku = i.sku
        and (p.name, p.description, p.category_id, p.price, p.currency, p.image_url,
            p.attributes::text, p.attribute_text)
        is distinct from (i.name, i.description, c.id, i.price, i.currency::char(3), i.image_url,
            i.attributes, i.attribute_text)
    returning p.sku
"""
_LOCK_STOCK = """
    select s.sku from stock s join incoming i using (sku)
    where s.available <> i.stock order by s.sku for update of s
"""
_UPDATE_STOCK = """
    update stock s set available = i.stock from incoming i
    where s.sku = i.sku and s.available <> i.stock returning s.sku
"""


async def upsert(connection: Connection, rows: Sequence[CatalogueRow]) -> tuple[int, int]:
    """Merge ``rows`` inside the caller's transaction; returns (created, updated).

    Stock becomes the file's number. What is not in the file stays as it is.
    """
    await connection.execute(f"set local statement_timeout = {int(_SECONDS * 1000)}")
    await _run(connection, "select pg_advisory_xact_lock($1)", _LOCK)
    await connection.execute(_INCOMING)
    await connection.copy_records_to_table("incoming", records=map(_record, rows), timeout=_SECONDS)
    await connection.execute("analyze incoming", timeout=_SECONDS)
    await _run(connection, _CATEGORIES)
    new = await _name(connection)
    await _run(connection, _INSERT, new)
    await _run(connection, _INSERT_STOCK, new)
    changed = {row[0] for row in await _run(connection, _UPDATE)}
    await _run(connection, _LOCK_STOCK)
    changed.update(row[0] for row in await _run(connection, _UPDATE_STOCK))
    return len(new), len(changed)


async def _run(connection: Connection, sql: str, *args: object) -> list[Record]:
    return await connection.fetch(sql, *args, timeout=_SECONDS)


def _record(row: CatalogueRow) -> tuple[object, ...]:
    attributes = msgspec.json.encode(row.attributes).decode()
    words = " ".join((row.category, *row.attributes.values()))
    return (
        row.line, row.sku, row.slug, row.name, row.description, row.category_slug, row.category,
        row.price, row.currency, row.stock, row.image_url, attributes, words,
    )  # fmt: skip


async def _name(connection: Connection) -> list[str]:
    """Give new products slugs that nobody has yet; returns their SKUs."""
    new = [(row[0], row[1]) for row in await _run(connection, _NEW)]
    if new:
        taken = {row[0] for row in await _run(connection, "select slug from products")}
        slugs = list(_unique((slug for _, slug in new), taken))
        await _run(connection, _NAME, [sku for sku, _ in new], slugs)
    return [sku for sku, _ in new]


def _unique(slugs: Iterable[str], taken: set[str]) -> Iterable[str]:
    """Each slug, or with the first free number: mug, mug-2, mug-3."""
    last: dict[str, int] = {}
    for slug in slugs:
        free = slug
        while free in taken:
            last[slug] = last.get(slug, 1) + 1
            free = f"{slug}-{last[slug]}"
        taken.add(free)
        yield free
