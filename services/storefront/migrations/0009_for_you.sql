-- As before, but for two things (docs/adr/0028 has the figures). "For you" takes what fits to the
-- context and what sells in turns: whoever buys a thing for the first time mostly buys what many
-- others have. And beside a single product, of its neighbours those come first that sell well:
-- with a cart, several products agree on what is meant; with one, its rarest companions would win.
create or replace function shelf_products(shelf text, context text[], excluded text[], wanted int)
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
    room int := case when shelf = 'for-you' then (wanted + 1) / 2 else wanted end;
    fitting int; -- of the context, by whatever step
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
            order by n.score * case
                when shelf = 'also-bought' and cardinality(near) = 1 then power(coalesce(
                    (select b.score from product_popularity b where b.sku = n.neighbour), 1e-30
                ), 0.3)
                else 1
            end desc, n.neighbour
            limit room
        );
    end if;
    together := cardinality(found_skus);

    if together < room and shelf <> 'popular' then -- what sells in the same categories
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
            limit room - together
        );
    end if;

    if cardinality(found_skus) < room and shelf <> 'popular' then -- what costs about the same
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
            limit room - cardinality(found_skus)
        );
    end if;

    fitting := cardinality(found_skus);

    if fitting < wanted then -- what sells
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
            limit wanted - fitting
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
    select (row_number() over turns)::int, f.sku,
        case when f.position <= together then 'co-purchase' else 'popular' end
    from unnest(found_skus) with ordinality as f (sku, position)
    window turns as (
        order by case
            when shelf <> 'for-you' then f.position
            when f.position <= fitting then 2 * f.position - 1
            else 2 * (f.position - fitting)
        end
    )
    order by 1;
end
$$;
