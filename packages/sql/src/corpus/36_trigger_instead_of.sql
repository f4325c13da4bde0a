create table t(a);
create view v as select a from t;
create trigger tr instead of insert on v begin insert into t values (new.a); insert into t values (new.a * 2); end;
insert into v values (4);