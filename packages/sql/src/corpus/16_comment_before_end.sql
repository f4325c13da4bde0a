create table t(a) -- no semicolon on this line
;
insert into t values (1) /* nor here */ ;