create table t(a, b);
create trigger tr after insert on t begin
  update t set b = case when new.a > 1 then 'big' else 'small' end where rowid = new.rowid;
end;
insert into t(a) values (1);
insert into t(a) values (5);