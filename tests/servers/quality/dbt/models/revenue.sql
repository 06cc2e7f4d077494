select country, sum(amount) as total from {{ ref('raw_orders') }} group by 1
