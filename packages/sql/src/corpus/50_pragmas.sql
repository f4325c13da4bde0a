pragma foreign_keys=off;
create table t(a);
pragma user_version = 7;
insert into t select user_version from pragma_user_version;