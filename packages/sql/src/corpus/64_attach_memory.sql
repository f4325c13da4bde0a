attach ':memory:' as "other; db";
create table "other; db".t(a);
insert into "other; db".t values (1);
create table main.t(a);
insert into main.t select a from "other; db".t;