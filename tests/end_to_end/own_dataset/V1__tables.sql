-- A market: who buys, what was ordered, and its parts.
create schema market;
comment on schema market is 'A market of the test''s own.';

create domain market.money as numeric(8, 2) check (value >= 0);

create table market.customers (
    customer_id  bigint primary key,
    full_name    text not null constraint customers_named check (full_name <> ''),
    joined       date not null,
    channel      text not null
);
comment on column market.customers.channel is 'The source that the customer came by.';

create table market.orders (
    order_id     bigint primary key,
    customer_id  bigint not null references market.customers,
    placed_at    timestamptz not null,
    currency     text not null
);

create table market.items (
    order_id  bigint references market.orders,
    place     integer,
    sku       text not null,
    pieces    integer not null constraint items_some check (pieces > 0),
    price     market.money not null,
    primary key (order_id, place)
);
comment on column market.items.place is 'Place within the order, from 1.';
comment on column market.items.pieces is 'How many were ordered, pieces.';
comment on column market.items.price is 'Price of one, euros.';

grant usage on schema market to etl_loader, etl_reader;
grant select, insert, update on all tables in schema market to etl_loader;
grant select on all tables in schema market to etl_reader;
