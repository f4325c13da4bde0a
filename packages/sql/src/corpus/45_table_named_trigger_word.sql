create table triggers("trigger" text);
insert into triggers values ('create; trigger');