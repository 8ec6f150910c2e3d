-- Customers, orders and what must happen after them.
create table customers (
    id uuid primary key default gen_random_uuid(),
    email text not null,
    name text not null,
    password_hash text not null,
    is_staff boolean not null default false,
    created_at timestamptz not null default now()
);
create unique index customers_email on customers (lower(email));

create table orders (
    id bigint generated always as identity primary key,
    number text not null unique,
    status text not null check (status in ('pending_payment', 'paid', 'fulfilled', 'cancelled')),
    visitor_id text not null,
    customer_id uuid references customers,
    email text not null,
    shipping_address jsonb not null,
    shipping_method text not null,
    coupon text,
    currency char(3) not null,
    subtotal int not null check (subtotal >= 0),
    discount int not null check (discount between 0 and subtotal),
    shipping int not null check (shipping >= 0),
    tax int not null check (tax >= 0),
    total int not null check (total = subtotal - discount + shipping + tax),
    payment_token text not null,
    attempt int not null default 1,
    cart_id text not null,
    cart_version bigint not null,
    placed_at timestamptz not null default now(),
    paid_at timestamptz,
    fulfilled_at timestamptz,
    -- Whoever works on a pending order holds it until then; later anyone may take it over.
    claimed_until timestamptz not null
);
create index orders_pending on orders (claimed_until) where status = 'pending_payment';
create index orders_unfulfilled on orders (paid_at) where status = 'paid';
create index orders_customer on orders (customer_id, placed_at desc);

create table order_lines (
    order_id bigint not null references orders,
    line int not null,
    sku text not null references products (sku),
    name text not null,
    quantity int not null check (quantity > 0),
    unit_price int not null check (unit_price > 0),
    primary key (order_id, line)
);
create index order_lines_sku on order_lines (sku, order_id);  -- bought together

-- One row an idempotency key; it is written with the order and remembers how it ended. No outcome
-- yet: the order is pending, or was abandoned and may be revived by the same key.
create table checkouts (
    scope text not null, -- whose key: a visit's, or a customer's on every device
    key text not null,
    fingerprint bytea not null,
    order_number text references orders (number),
    outcome text check (outcome in ('paid', 'declined', 'out_of_stock')),
    shortages jsonb not null default '[]',
    created_at timestamptz not null default now(),
    primary key (scope, key)
);
create index checkouts_order on checkouts (order_number);
create index checkouts_created on checkouts (created_at);

create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null unique default gen_random_uuid(),
    type text not null,
    order_number text,
    payload jsonb not null,
    happened_at timestamptz not null default now(),
    sent_at timestamptz
);
create index outbox_waiting on outbox (id) where sent_at is null;
create index outbox_order on outbox (order_number);
create index outbox_sent on outbox (sent_at);

create table handled_events (
    event_id uuid primary key,
    handled_at timestamptz not null default now()
);
create index handled_events_age on handled_events (handled_at);

create table mails (
    id text primary key,
    recipient text not null,
    subject text not null,
    body_text text not null,
    body_html text not null,
    created_at timestamptz not null default now(),
    -- Taking a mail to send it moves this on, so that a failure or a crash is tried again later.
    due_at timestamptz not null default now(),
    attempts int not null default 0,
    sent_at timestamptz
);
create index mails_due on mails (due_at) where sent_at is null;
create index mails_sent on mails (sent_at);
