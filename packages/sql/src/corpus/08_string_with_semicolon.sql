create table t(a text);
insert into t values ('one; two; three');
insert into t values (';');