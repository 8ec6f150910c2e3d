-- The catalogue: what is for sale, and how it is found.
create extension if not exists pg_trgm;

create table categories (
    id int generated always as identity primary key,
    slug text not null unique,
    name text not null unique
);

create table products (
    id bigint generated always as identity primary key,
    sku text not null unique,
    slug text not null unique,
    name text not null,
    description text not null,
    category_id int not null references categories,
    price int not null check (price > 0),
    currency char(3) not null,
    image_url text not null,
    attributes json not null default '{}',  -- not jsonb: kept in the catalogue's order
    attribute_text text not null default '',  -- category and attribute values, to be searched
    review_count int not null default 0,
    rating_sum int not null default 0,
    rating numeric(3, 2) generated always as (
        case when review_count > 0 then rating_sum::numeric / review_count end
    ) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Unstemmed words too: what is typed so far ("cerami") is the beginning of a word, not of a stem.
    search tsvector generated always as (
        setweight(to_tsvector('english', name), 'A')
        || setweight(to_tsvector('simple', name || ' ' || sku), 'A')
        || setweight(to_tsvector('english', attribute_text), 'B')
        || setweight(to_tsvector('simple', attribute_text), 'B')
        || setweight(to_tsvector('english', description), 'C')
    ) stored
);
create index products_search on products using gin (search);
create index products_name on products using gin (name gin_trgm_ops);  -- for misspelt words
create index products_sku on products using gin (sku gin_trgm_ops);  -- for the back office
create index products_category on products (category_id, id);
create index products_category_price on products (category_id, price, id);
create index products_price on products (price, id);
create index products_created on products (created_at desc, id desc);

-- Apart from products: stock changes with every order, and must not rewrite the search vector.
create table stock (
    sku text primary key references products (sku),
    available int not null check (available >= 0)
) with (fillfactor = 70);
