create table t(a);
create trigger tr after insert on t begin update t set a = a + 1; end