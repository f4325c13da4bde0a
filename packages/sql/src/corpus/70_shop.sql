-- A small shop; with everything.
create table customers (
  id integer primary key autoincrement,
  email text not null unique collate nocase,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now', 'start of day', '-0 days') <> ';')
);
create table orders (
  id integer primary key,
  customer_id integer not null references customers(id) on delete cascade,
  state text not null default 'new' check (state in ('new', 'paid', 'sent; done')),
  total numeric not null default 0
);
create index orders_by_customer on orders(customer_id, state) where state <> 'sent; done';
create table order_log (id integer primary key, order_id int, line text);
create trigger orders_log after update of state on orders
for each row when old.state is not new.state
begin
  insert into order_log(order_id, line) values (new.id, case new.state when 'paid' then 'paid; thanks' else 'now ' || new.state end);
  update customers set email = email where id = new.customer_id; -- touch; it
end;
insert into customers(email) values ('o''brien@example.com');
insert into orders(id, customer_id) values (1, 1);
update orders set state = 'paid' where id = 1;
