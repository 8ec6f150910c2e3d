"""The statements of checkouts: every step is one, and so one round trip and one transaction.

Locks are always taken in the same order, so that checkouts cannot deadlock: a cart, an existing
order's row, stock rows by SKU, then a new idempotency key. Whoever makes an order pending holds its
cart and found it free, so nobody ever waits in the index ``orders_sold_once``.
"""

from storefront.domain.payments import REHEARSAL

REAL = f"payment_token <> '{REHEARSAL}'"  # not one that only tries whether buying works

# `wanted` must be there already. A locking read shows rows as they are once the lock is held, not
# as they were when the statement began: that is what keeps two buyers from the last unit. Updates
# start from what `held` says for the same reason: PostgreSQL first checks constraints on the row as
# it was when the statement began, and would refuse units that were given back since.
_TAKE_STOCK = """
    held as materialized (
        select s.sku, s.available from stock s
        where s.sku = any (array(select w.sku from wanted w))
        order by s.sku for update
    ),
    short as materialized (
        select w.line, w.sku, w.name, w.quantity, coalesce(h.available, 0) as available
        from wanted w left join held h on h.sku = w.sku
        where w.quantity > coalesce(h.available, 0)
    ),
    shortages as materialized (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'sku', sku, 'name', name, 'requested', quantity, 'available', available
                ) order by line
            ),
            '[]'
        ) as list
        from short
    )
"""

RESERVE = f"""
    with free as materialized (select where hold_cart($21, $25)),
    wanted as materialized (
        select w.* from free cross join unnest($1::text[], $2::text[], $3::int[], $4::int[])
            with ordinality as w (sku, name, quantity, unit_price, line)
    ),
    {_TAKE_STOCK},
    -- Waits for a transaction that inserts the same key, and then finds it taken.
    claim as (
        insert into checkouts (scope, key, fingerprint, order_number, outcome, shortages)
        select $5, $6, $7,
            case when s.list = '[]' then $8 end,
            case when s.list <> '[]' then 'out_of_stock' end,
            s.list
        from free cross join shortages s
        on conflict do nothing
        returning order_number, shortages
    ),
    taken as (
        update stock s set available = h.available - w.quantity
        from wanted w join held h on h.sku = w.sku
        where h.sku = s.sku and $20 <> '{REHEARSAL}'
            and exists (select from claim c where c.order_number is not null)
    ),
    placed as (
        insert into orders (
            number, status, visitor_id, customer_id, email, shipping_address, shipping_method,
            coupon, currency, subtotal, discount, shipping, tax, total, payment_token, cart_id,
            cart_version, claimed_until, cart_taken
        )
        select $8, 'pending_payment', $24, $9::uuid, $10, $11::text::jsonb, $12, $13, $14,
            $15::int, $16::int, $17::int, $18::int, $19::int, $20, $21, $22::bigint,
            now() + make_interval(secs => $23), $25::bigint
        from claim where order_number is not null
        returning id, placed_at
    ),
    lined as (
        insert into order_lines (order_id, line, sku, name, quantity, unit_price)
        select p.id, w.line, w.sku, w.name, w.quantity, w.unit_price
        from placed p cross join wanted w
    )
    select c.order_number, c.shortages, p.placed_at from claim c left join placed p on true
"""

_PENDING = """
    o.number, o.number || '-' || o.attempt as charge_key, o.total as amount, o.currency,
    o.payment_token, o.cart_id, o.cart_version, o.placed_at,
    (select jsonb_object_agg(l.sku, l.quantity) from order_lines l where l.order_id = o.id) as items
"""

IS_KNOWN = "select exists (select from checkouts where scope = $1 and key = $2)"

# The order that has what is in the cart: what `hold_cart` found.
HOLDER = f"""
    select o.status, {_PENDING} from orders o
    where o.cart_id = $1 and o.cart_taken = $2
        and (o.status <> 'cancelled' or o.paid_at is not null)
"""

# Of an abandoned order: `free` as `hold_cart` says, and its cart.
HOLD_AGAIN = """
    select hold_cart(cart_id, cart_taken) as free, cart_id, cart_taken
    from orders where number = $1
"""

FIND = """
    select c.fingerprint, c.outcome, c.order_number, c.shortages, o.status,
        o.claimed_until > now() as at_work
    from checkouts c left join orders o on o.number = c.order_number
    where c.scope = $1 and c.key = $2
"""

TAKE_OVER = f"""
    update orders o set claimed_until = now() + make_interval(secs => $2)
    where number = $1 and status = 'pending_payment' and claimed_until <= now()
    returning {_PENDING}
"""

REVIVE = f"""
    with wanted as materialized (
        select line, sku, name, quantity from order_lines where order_id = $1 order by line
    ),
    {_TAKE_STOCK},
    taken as (
        update stock s set available = h.available - w.quantity
        from wanted w join held h on h.sku = w.sku
        where h.sku = s.sku and not exists (select from short)
            and exists (select from orders o where o.id = $1 and o.{REAL})
    ),
    ended as (
        update checkouts c set outcome = 'out_of_stock', shortages = s.list
        from shortages s
        where c.scope = $2 and c.key = $3 and s.list <> '[]'
    ),
    revived as (
        update orders o set status = 'pending_payment', attempt = attempt + 1, placed_at = now(),
            claimed_until = now() + make_interval(secs => $4)
        where id = $1 and not exists (select from short)
        returning {_PENDING}
    )
    select s.list as shortages, r.* from shortages s left join revived r on true
"""

SETTLE_PAID = """
    with paid as (
        update orders set status = 'paid', paid_at = now()
        where number = $1 and status = 'pending_payment' and number || '-' || attempt = $2
        returning id, number, cart_id, cart_version, total, payment_token
    ),
    remembered as (
        update checkouts c set outcome = 'paid' from paid p where c.order_number = p.number
    ),
    told as (
        insert into outbox (type, order_number, traceparent, payload)
        select 'order.paid', p.number, $3::text, jsonb_build_object(
            'number', p.number, 'cart_id', p.cart_id, 'cart_version', p.cart_version,
            'items', (
                select jsonb_object_agg(sku, quantity) from order_lines where order_id = p.id
            )
        )
        from paid p
    )
    select total, payment_token from paid
"""

# A rehearsal has taken no stock, and gives none back. $3: the outcome to remember, or null to
# leave the key open.
GIVE_BACK = f"""
    with cancelled as (
        update orders set status = 'cancelled'
        where number = $1 and status = 'pending_payment' and number || '-' || attempt = $2
        returning id, number, {REAL} as is_real
    ),
    remembered as (
        update checkouts k set outcome = $3 from cancelled c where k.order_number = c.number
    ),
    lines as materialized (
        select l.sku, l.quantity
        from order_lines l join cancelled c on c.id = l.order_id and c.is_real
    ),
    held as materialized (
        select s.sku from stock s where s.sku = any (array(select l.sku from lines l))
        order by s.sku for update
    ),
    given as (
        update stock s set available = s.available + l.quantity
        from lines l
        where l.sku = s.sku and (select count(*) from held) > 0  -- counting locks them all first
    )
    select exists (select from cancelled)
"""

RELEASE = """
    update orders set claimed_until = now()
    where number = $1 and status = 'pending_payment' and number || '-' || attempt = $2
"""

TAKE_STALE = f"""
    with stale as materialized (
        select id from orders where status = 'pending_payment' and claimed_until <= now()
        order by claimed_until limit $1 for update skip locked
    )
    update orders o set claimed_until = now() + make_interval(secs => $2)
    from stale where o.id = stale.id
    returning {_PENDING}
"""
