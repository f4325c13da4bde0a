create table "a--b" (x);
insert into "a--b" values (1);