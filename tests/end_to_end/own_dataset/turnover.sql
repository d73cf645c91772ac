-- How many pieces were ordered, and what are they worth?
-- param sku text
select
    items.sku,
    sum(items.pieces) as pieces,
    sum(items.pieces * items.price) as worth
from market.items as items
where items.sku = :sku
group by items.sku
