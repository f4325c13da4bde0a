create table t(a);
create trigger t1 after insert on t begin update t set a = a + 1; end;
create trigger t2 after insert on t begin update t set a = a + 10; end;
insert into t values (1);