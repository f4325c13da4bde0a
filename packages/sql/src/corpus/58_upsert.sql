create table t(k text primary key, n int default 0);
insert into t(k) values ('a;b') on conflict(k) do update set n = n + 1;
insert into t(k) values ('a;b') on conflict(k) do update set n = n + 1;