create table t(a);
insert into t values (8 / 2 * 3);
insert into t values (1/1);