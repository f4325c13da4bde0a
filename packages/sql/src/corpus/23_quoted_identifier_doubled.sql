create table "say ""hi;""" (`tick``;` text);
insert into "say ""hi;""" values (1);