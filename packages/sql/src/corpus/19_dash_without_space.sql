create table t(a);--comment;here
insert into t values (1--1
);