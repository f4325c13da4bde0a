create table t(a);
insert into t values (x'3b2d2d'), (1.5e-3), (0x1F), (.5), (1e10);
insert into t values (X'');