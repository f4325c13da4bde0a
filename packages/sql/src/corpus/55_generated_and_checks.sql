create table t(a int check (a > 0), b text default ('x;' || 'y'), c int generated always as (a * 2) virtual);
insert into t(a) values (3);