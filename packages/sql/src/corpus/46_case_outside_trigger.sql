create table t(a);
insert into t select case when 1 then 'a;b' else 'c;d' end;
insert into t values (case 1 when 1 then 'x' end);