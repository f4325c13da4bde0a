create table span(id integer primary key, start int, end int);
create trigger tr after insert on span begin
  update span set end = new.start + 1 where id = new.id;
  update span set start = end - 1 where end is not null;
end;
insert into span(start) values (5);