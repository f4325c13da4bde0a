create table t(a);
insert into t values ('create trigger x begin; end;');
insert into t values ('y');