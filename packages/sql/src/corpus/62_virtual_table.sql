create virtual table docs using fts5(title, body);
insert into docs values ('a;b', 'c -- d');
insert into docs(docs) values ('optimize');