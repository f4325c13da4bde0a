create table t(a text);
insert into t values ('it''s; ''quoted''');
insert into t values ('''');
insert into t values ('');