create table ends("case" text, endcase text, the_end text);
create trigger tr after insert on ends begin update ends set the_end = endcase, endcase = 'begin'; end;
insert into ends values (1, 2, 3);