create table t(a);
create temporary trigger if not exists tr after insert on t begin update t set a = 7; end;
insert into t values (1);