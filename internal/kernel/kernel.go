// Package kernel holds the hot loops: functions over plain slices that know
// nothing of columns, pages or files.
//
// Each function that is written for speed has a plain twin in plain_test.go
// and a test that both give the same result, so the fast one may be read as a
// claim and the plain one as its meaning. The functions do not allocate unless
// they say so, keep no state and are safe for concurrent use on distinct
// outputs. Start reading at Split and Join (planes.go), which turn columns of
// numbers into byte planes (docs/format/page.md) and back.
package kernel
