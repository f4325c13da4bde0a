create table t(a, b);
create trigger tr /* named; tr */ after update of a on t -- when; a changes
begin -- begin; it
  /* end; */ update t set b = 'x; end;' where rowid = new.rowid; -- end;
  -- end;
end -- of trigger
;
insert into t values (1, 2);
update t set a = 3;