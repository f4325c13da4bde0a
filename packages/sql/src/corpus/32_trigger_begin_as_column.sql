create table span(begin int, other int);
create trigger tr after insert on span when new.begin > 0 begin
  update span set other = begin;
end;
insert into span(begin) values (5);