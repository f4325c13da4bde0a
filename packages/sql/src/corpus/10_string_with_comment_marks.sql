create table t(a text);
insert into t values ('-- no comment; really'), ('/* neither; */');
insert into t values ('*/');