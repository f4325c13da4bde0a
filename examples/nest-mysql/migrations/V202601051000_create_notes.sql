-- detent:up
CREATE TABLE notes (id bigint AUTO_INCREMENT PRIMARY KEY, body varchar(200) NOT NULL);
INSERT INTO notes (body) VALUES ('Migrated before onModuleInit.');

-- detent:down
DROP TABLE notes;
