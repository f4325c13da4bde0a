create table t(a);
savepoint s;
insert into t values (1);
rollback to s;
insert into t values (2);
release s;