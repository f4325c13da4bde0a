create table p(id integer primary key);
create table c(id integer primary key, p int not null references p(id) on delete cascade on update set null);
insert into p values (1);
insert into c values (1, 1);