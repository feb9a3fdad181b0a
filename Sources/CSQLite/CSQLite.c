#include "CSQLite.h"

int csqlite_configure(void) {
  int code = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
  if (code != SQLITE_OK) return code;
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int csqlite_set_triggers_enabled(sqlite3 *connection, int enabled) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled, (int *)0);
}

int csqlite_harden(sqlite3 *connection) {
  int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  if (code != SQLITE_OK) return code;
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
}

int csqlite_set_checkpoint_on_close(sqlite3 *connection, int enabled) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !enabled, (int *)0);
}

int csqlite_forget_authorizer(sqlite3 *connection) {
  return sqlite3_set_authorizer(connection, 0, 0);
}

sqlite3_destructor_type csqlite_static(void) { return SQLITE_STATIC; }

sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
