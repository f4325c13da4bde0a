create table t(a);
create temp trigger tr after insert on t begin update t set a = 7; end;
insert into t values (1);