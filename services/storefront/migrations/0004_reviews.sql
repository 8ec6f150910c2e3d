-- What buyers say; the sums that lists show stand on products, changed in the same transaction.
create table reviews (
    id bigint generated always as identity primary key,
    product_id bigint not null references products,
    customer_id uuid not null references customers,
    stars int not null check (stars between 1 and 5),
    title text not null,
    body text not null,
    written_at timestamptz not null default now(),
    unique (product_id, customer_id)
);
create index reviews_newest on reviews (product_id, written_at desc) include (stars);

-- What the back office asks of orders: the newest, sales of a span, somebody's, and the cancelled.
create index orders_newest on orders (placed_at desc, id desc);
create index orders_paid on orders (paid_at) include (total) where status in ('paid', 'fulfilled');
create index orders_email on orders (lower(email) text_pattern_ops);
create index orders_cancelled on orders (placed_at desc, id desc) where status = 'cancelled';
