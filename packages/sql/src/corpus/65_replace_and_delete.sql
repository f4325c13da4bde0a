create table t(k primary key, v);
replace into t values (1, 'a;');
replace into t values (1, 'b;');
insert or ignore into t values (1, 'c;');
delete from t where v = 'x;y';