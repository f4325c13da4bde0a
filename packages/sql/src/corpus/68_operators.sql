create table t(a, b);
insert into t values (1 << 2 | 3 & 4, 'a' || ';' || 'b');
select * from t where a <> 1 and b != ';' and a == 7 and a >= 1;