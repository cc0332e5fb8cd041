-- Fills a table, indexes it, and asks two questions: a page cache, a sorter and many short strings.
create table orders(id integer primary key, customer text, amount real);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 400000)
    insert into orders select n, 'customer' || (n * 7901 % 100019), n * 0.41 from numbers;
create index by_customer on orders(customer);
select count(*), sum(amount) from orders where customer like 'customer7%';
select customer, count(*), avg(amount) from orders group by customer order by 2 desc, 1 limit 5;
