create table t(a, n default 0);
create trigger tr after insert on t begin update t set n = n + 1; end;
insert into t(a) values (1);
insert into t(a) values (2);