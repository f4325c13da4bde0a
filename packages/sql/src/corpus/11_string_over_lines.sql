create table t(a text);
insert into t values ('first line;
  second line;

third; line');
insert into t values ('x');