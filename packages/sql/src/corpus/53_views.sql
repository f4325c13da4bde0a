create table t(a, b);
create view v as select a, 'x;y' as s from t -- view; v
where b <> ';'
;
insert into t values (1, 2);