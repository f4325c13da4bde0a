create table a (id integer);
insert into a values (1)