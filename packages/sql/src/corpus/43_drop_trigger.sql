create table t(a);
create trigger tr after insert on t begin update t set a = 9; end;
drop trigger tr;
insert into t values (1);