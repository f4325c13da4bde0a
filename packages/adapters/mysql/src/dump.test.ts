import { expect, test } from 'vitest';
import { migrate, openPlace } from './fixtures/places.ts';

/** As mariadb-dump and mysqldump write them. */
const DUMP = `
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
DROP TABLE IF EXISTS \`t\`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE \`t\` (
  \`id\` int(11) NOT NULL,
  \`v\` varchar(20) DEFAULT NULL,
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES \`t\` WRITE;
/*!40000 ALTER TABLE \`t\` DISABLE KEYS */;
INSERT INTO \`t\` VALUES
(1,'it''s; a'),
(2,'b\\'c');
/*!40000 ALTER TABLE \`t\` ENABLE KEYS */;
UNLOCK TABLES;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER tr BEFORE INSERT ON t
FOR EACH ROW BEGIN SET NEW.v = CONCAT(NEW.v, ';'); END */;;
DELIMITER ;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
`;

test('a dump with its LOCK TABLES runs as a migration, and says what of it is left out', async () => {
  await using place = await openPlace();
  const { errors, warnings } = await migrate(place, {
    'V1_dump.sql': DUMP,
    'V2_more.sql': "INSERT INTO t VALUES (3, 'd');",
  });
  expect(errors).toEqual([]);
  expect(warnings.join()).toMatch(/V1_dump\.sql:14.*LOCK TABLES/);
  expect(await place.database.query('SELECT v FROM t ORDER BY id')).toEqual([
    { v: "it's; a" },
    { v: "b'c" },
    { v: 'd;' },
  ]);
});
