-- The embedded payment gateway's ledger. It stands for a remote service: the shop never joins it.
create schema payments;
create table payments.charges (
    id bigint generated always as identity primary key,
    idempotency_key text not null unique,
    order_number text not null,
    amount int not null check (amount >= 0), -- 0: a coupon paid for everything
    currency char(3) not null,
    status text not null check (status in ('succeeded', 'declined', 'voided')),
    created_at timestamptz not null default now()
);
create index charges_order on payments.charges (order_number);
