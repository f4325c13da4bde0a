create table t(a text);
insert into t values ('C:\dir\');
insert into t values ('\'';');