create table пользователи(имя text);
insert into пользователи values ('éè; 日本語 😀;');
-- ü; ö
create table été(é text);