create table t(k text primary key, v any) strict, without rowid;
insert into t values ('a', 1), ('b', ';');