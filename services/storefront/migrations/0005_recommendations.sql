-- What goes with what, and what sells: written by the training in the worker, read by every shelf.
-- No references to products: an interaction may name what is no longer, or not yet, for sale.
create table product_neighbours (
    sku text not null,
    neighbour text not null,
    score real not null check (score > 0),
    primary key (sku, neighbour)
);
create table product_popularity (
    sku text primary key,
    score real not null check (score > 0)
);
create index product_popularity_best on product_popularity (score desc, sku);

-- What visitors looked at, read once from the records in S3. The same event may be delivered twice.
create table interactions (
    id uuid primary key,
    type text not null check (type in ('View', 'AddToCart', 'Click')),
    sku text not null,
    session text not null, -- the visitor, signed in or not
    happened_at timestamptz not null
);
create index interactions_newest on interactions (happened_at);

create table event_files (
    key text primary key,
    events int not null, -- new ones
    skipped int not null, -- lines that are no event
    read_at timestamptz not null default now()
);
create index event_files_age on event_files (read_at);

-- One row a training that wrote something.
create table trainings (
    id bigint generated always as identity primary key,
    trained_at timestamptz not null default now(),
    seen text not null, -- what there was to learn from; the same again needs no training
    lines int not null, -- of orders
    events int not null,
    neighbours int not null,
    seconds real not null
);

create index orders_visitor on orders (visitor_id);

create view product_summaries as
    select p.sku, p.slug, p.name, c.slug as category, p.price, p.currency, p.image_url,
        s.available > 0 as in_stock, p.rating
    from products p join categories c on c.id = p.category_id join stock s using (sku);

-- What somebody bought, the latest first; either may be null.
create function bought_skus(visitor text, customer uuid) returns table (sku text)
language sql stable as $$
    select l.sku
    from (
        select id from orders
        where visitor_id = visitor and status in ('paid', 'fulfilled')
        union
        select id from orders
        where customer_id = customer and status in ('paid', 'fulfilled')
    ) mine
    join order_lines l on l.order_id = mine.id
    group by l.sku
    order by max(mine.id) desc, l.sku
$$;

-- The products of a shelf, the best first: `wanted` of them as long as so many are in stock, none
-- of them in `context` or `excluded`. The context is what the shelf is about, the latest first:
-- the product looked at, the cart, what was bought. Each step runs only when those before it have
-- not found enough.
create function shelf_products(shelf text, context text[], excluded text[], wanted int)
returns table (place int, sku text, source text)
language plpgsql stable
rows 10 -- so that what joins it looks the products up, and does not read them all
as $$
#variable_conflict use_column
declare
    near text[] := context[1:50]; -- bounds the work, however much somebody has bought
    taken text[] := coalesce(context, '{}') || coalesce(excluded, '{}');
    found_skus text[] := '{}';
    together int;
    kinds int[];
begin
    if shelf not in ('for-you', 'also-bought', 'popular') then
        raise exception 'there is no shelf %', shelf using errcode = 'invalid_parameter_value';
    end if;
    if wanted < 1 then
        return;
    end if;

    if shelf <> 'popular' then
        found_skus := array(
            select n.neighbour
            from (
                select n.neighbour, sum(n.score) as score
                from unnest(near) as c (sku) join product_neighbours n on n.sku = c.sku
                group by n.neighbour
            ) n
            -- A subquery, not a join: looked up for the few at hand, never read as a whole. And not
            -- "<> all (taken)": somebody's history may be long, and this way it is hashed.
            where (select s.available > 0 from stock s where s.sku = n.neighbour) and not exists (
                select from unnest(taken) as t (sku) where t.sku = n.neighbour
            )
            order by n.score desc, n.neighbour
            limit wanted
        );
    end if;
    together := cardinality(found_skus);

    if together < wanted and shelf <> 'popular' then -- what sells in the same categories
        kinds := array(select distinct p.category_id from products p where p.sku = any (near));
        found_skus := found_skus || array(
            select b.sku
            from (
                select sku, score from product_popularity
                order by score desc, sku limit 500 + cardinality(taken)
            ) b
            where (select p.category_id = any (kinds) from products p where p.sku = b.sku)
                and (select s.available > 0 from stock s where s.sku = b.sku) and not exists (
                    select from unnest(taken || found_skus) as t (sku) where t.sku = b.sku
                )
            order by b.score desc, b.sku
            limit wanted - together
        );
    end if;

    if cardinality(found_skus) < wanted and shelf <> 'popular' then -- what costs about the same
        found_skus := found_skus || array(
            select n.sku
            from products p cross join lateral (
                (select o.id, o.sku, o.price from products o join stock s using (sku)
                where o.category_id = p.category_id and o.price >= p.price and s.available > 0
                    and o.sku <> all (taken || found_skus)
                order by o.price, o.id limit wanted)
                union all
                (select o.id, o.sku, o.price from products o join stock s using (sku)
                where o.category_id = p.category_id and o.price < p.price and s.available > 0
                    and o.sku <> all (taken || found_skus)
                order by o.price desc, o.id desc limit wanted)
            ) n
            where p.sku = any (near[1:5])
            group by n.id, n.sku
            order by min(abs(n.price - p.price)), n.id
            limit wanted - cardinality(found_skus)
        );
    end if;

    if cardinality(found_skus) < wanted then -- what sells
        found_skus := found_skus || array(
            select b.sku
            from (
                select sku, score from product_popularity
                order by score desc, sku limit 500 + cardinality(taken)
            ) b
            where (select s.available > 0 from stock s where s.sku = b.sku) and not exists (
                select from unnest(taken || found_skus) as t (sku) where t.sku = b.sku
            )
            order by b.score desc, b.sku
            limit wanted - cardinality(found_skus)
        );
    end if;

    if cardinality(found_skus) < wanted then -- what is new, of every category in turn
        found_skus := found_skus || array(
            select f.sku
            from categories c cross join lateral (
                select n.id, n.sku, row_number() over (order by n.id desc) as turn
                from (
                    select p.id, p.sku from products p join stock s using (sku)
                    where p.category_id = c.id and s.available > 0
                        and p.sku <> all (taken || found_skus)
                    order by p.id desc limit wanted
                ) n
            ) f
            order by f.turn, f.id desc
            limit wanted - cardinality(found_skus)
        );
    end if;

    return query
    select f.position::int, f.sku,
        case when f.position <= together then 'co-purchase' else 'popular' end
    from unnest(found_skus) with ordinality as f (sku, position);
end
$$;
