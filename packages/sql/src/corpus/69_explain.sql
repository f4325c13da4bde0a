create table t(a);
explain query plan select * from t where a = ';';
insert into t values (1);