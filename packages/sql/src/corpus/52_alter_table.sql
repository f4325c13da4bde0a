create table t(a);
alter table t add column b text default 'x;y';
alter table t rename column a to c;
insert into t(c) values (1);
alter table t drop column c;