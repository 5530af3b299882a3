package repo

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// stashRef names the last stash; its log is the list of all (docs/format/stash.md).
const stashRef = "refs/stash"

// Stashes returns the stashes, newest first.
func (t *Tx) Stashes() ([]ReflogEntry, error) { return t.Reflog(stashRef) }

// PushStash makes the commit id the newest stash. The caller has published it.
func (t *Tx) PushStash(id object.ID, by Signature, message string) error {
	old, _, err := t.direct(stashRef)
	if err != nil {
		return err
	}
	if err := t.putRef(stashRef, id); err != nil {
		return err
	}
	return t.addReflog(stashRef, ReflogEntry{Old: old, New: id, By: by, Message: message})
}

// DropStash removes stash n, 0 being the newest, and returns it. One that is not
// there is an *UnknownRevisionError.
func (t *Tx) DropStash(n int) (ReflogEntry, error) {
	log, err := t.Stashes()
	if err != nil {
		return ReflogEntry{}, err
	}
	if n < 0 || n >= len(log) {
		return ReflogEntry{}, &UnknownRevisionError{Name: fmt.Sprintf("stash@{%d}", n), Reason: noStash(len(log))}
	}
	keys := t.logKeys(stashRef)
	at := len(keys) - 1 - n // keys are oldest first
	if err := t.set(bucketReflog, string(keys[at]), nil); err != nil {
		return log[n], err
	}
	if n > 0 {
		above := log[n-1]
		above.Old = log[n].Old
		return log[n], t.set(bucketReflog, string(keys[at+1]), appendReflog(nil, above))
	}
	if len(log) == 1 {
		return log[n], t.ClearStashes()
	}
	last := keys[at-1][len(keys[at-1])-8:] // the sequence in the key below
	if err := t.set(bucketReflogLast, stashRef, last); err != nil {
		return log[n], err
	}
	return log[n], t.putRef(stashRef, log[1].New)
}

func noStash(n int) string {
	switch n {
	case 0:
		return "there is no stash"
	case 1:
		return "there is one stash"
	}
	return fmt.Sprintf("there are %d stashes", n)
}

// ClearStashes removes all stashes.
func (t *Tx) ClearStashes() error {
	for _, k := range t.logKeys(stashRef) {
		if err := t.set(bucketReflog, string(k), nil); err != nil {
			return err
		}
	}
	if err := t.set(bucketReflogLast, stashRef, nil); err != nil {
		return err
	}
	return t.putRef(stashRef, object.ID{})
}

// logKeys returns the keys of the entries of a log, oldest first.
func (t *Tx) logKeys(name string) [][]byte {
	var keys [][]byte
	prefix := reflogPrefix(name)
	for k := range t.meta.Range(bucketReflog, prefix) {
		if len(k) == len(prefix)+binary.Size(uint64(0)) {
			keys = append(keys, k)
		}
	}
	return keys
}
