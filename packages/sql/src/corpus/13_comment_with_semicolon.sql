create table t(a text); -- first; table
-- a; b; c
insert into t values ('x'); /* d; e */ insert into t values ('y');