-- What is in a cart is sold once, whatever keys the orders come with. `cart_taken` is the version
-- up to which the cart had been emptied when this order was placed. It grows when what was bought
-- is taken out, so a second order from the same point would sell the same things again. An order
-- that was never paid gives them back. Older orders have none, and bar nothing.
alter table orders add column cart_taken bigint;
create unique index orders_sold_once on orders (cart_id, cart_taken)
    where cart_taken is not null and (status <> 'cancelled' or paid_at is not null);

-- Whether nobody has sold, or is selling, what is in the cart. Nobody else gets to know before this
-- transaction ends. In plpgsql, so that it sees what was committed while it waited for its turn.
create function hold_cart(cart text, taken bigint) returns boolean
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(cart, 0));
    return not exists (
        select from orders o
        where o.cart_id = cart and o.cart_taken = taken
            and (o.status <> 'cancelled' or o.paid_at is not null)
    );
end
$$;
