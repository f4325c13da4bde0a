-- it's a trap; isn't it
create table t(a);
/* don't; " ` [ */
insert into t values (1);