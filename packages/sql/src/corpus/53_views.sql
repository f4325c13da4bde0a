create table t(a, b);
create view v as select a, 'x;y' as s from t where b <> ';' -- view; v
;
insert into t values (1, 2);