create table t(a);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 5) insert into t select x from n;
delete from t where a in (with m as (select 2 as y) select y from m);