create table t(a);
create table log(m);
create trigger tr after insert on t for each row
begin
  insert into log values ('in;1');
  insert into log select 'in;2' where 1;
  delete from log where m = 'never; there';
end;
insert into t values (1);