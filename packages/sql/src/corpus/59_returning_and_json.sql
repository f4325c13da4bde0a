create table t(a);
insert into t values ('{"k;": [1, "--", "/*"]}') returning a;
insert into t select a ->> '$.k;' from t;