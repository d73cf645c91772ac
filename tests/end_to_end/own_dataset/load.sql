-- What a run has staged, into the tables of schema market, parents first.
create or replace function market.etl_load_market(run_id bigint)
returns setof public.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
begin
    return query select * from public.etl_load(run_id, '{customers}'::text[], 'market.customers'::text, '{
        "customer_id": "id",
        "full_name": "full  NAME",
        "joined": {"from": "joined", "format": "%d/%m/%Y"},
        "channel": {"source": true}
    }'::jsonb, null::name);
    return query select * from public.etl_load(run_id, '{orders}'::text[], 'market.orders'::text, '{
        "order_id": "number",
        "customer_id": "/customer/id",
        "placed_at": "placed",
        "currency": {"constant": "EUR"}
    }'::jsonb, null::name);
    return query select * from public.etl_load(run_id, '{orders}'::text[], 'market.items'::text, '{
        "order_id": "number",
        "place": {"position": "/items/*"},
        "sku": "/items/*/sku",
        "pieces": "/items/*/pieces",
        "price": {"from": "/items/*/price", "default": "0"}
    }'::jsonb, null::name);
end
$function$;
revoke execute on function market.etl_load_market(bigint) from public;
comment on function market.etl_load_market(bigint) is 'Loads what a run has staged into schema market.';
