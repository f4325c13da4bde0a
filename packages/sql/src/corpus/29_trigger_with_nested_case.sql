create table t(a, b);
create trigger tr after insert on t when case new.a when 1 then 0 else 1 end begin
  update t set b = case when new.a > 1 then case when new.a > 10 then 'huge' else 'big' end else 'small' end where rowid = new.rowid;
  select case when new.a < 0 then raise(abort, 'negative; no') end;
end;
insert into t(a) values (20);