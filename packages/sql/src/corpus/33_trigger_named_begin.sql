create table t(a);
create trigger "begin" after insert on t begin update t set a = a + 1; end;
insert into t values (1);