create table "odd; name" ("a;b" text, [c;d] text, `e;f` text);
insert into "odd; name" values ('1','2','3');