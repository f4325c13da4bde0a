create table t(a);
insert into t values (1 - -1);
insert into t values (3-2);