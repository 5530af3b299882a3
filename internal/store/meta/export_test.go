package meta

import "time"

// SetWait sets how long transactions of db wait for the file.
func SetWait(db *DB, d time.Duration) { db.wait = d }
