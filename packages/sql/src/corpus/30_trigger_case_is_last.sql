create table t(a, b);
create trigger tr after insert on t begin select case when 1 then 2 end; end;
insert into t values (1, 2);