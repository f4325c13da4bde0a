create table t ( -- the table; yes
  a integer, /* first; */
  b text -- second;
);
insert into t /* into; t */ values (1, 'x');