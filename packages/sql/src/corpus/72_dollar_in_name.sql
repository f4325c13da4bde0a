create table a$b(c$ text);
insert into a$b values ('$$;$$');
insert into a$b values ('x');