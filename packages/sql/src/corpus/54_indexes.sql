create table t(a, b, c);
create unique index i1 on t(a) where b <> ';';
create index i2 on t(lower(c), a desc);
insert into t values (1, 2, 'X');