begin immediate transaction;
create table t(a);
end transaction;
insert into t values (1);