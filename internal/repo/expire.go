package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrStashLog is returned for entries of the log of refs/stash, which are the
// stashes themselves: they go by dropping a stash.
var ErrStashLog = errors.New("the log of refs/stash is the list of stashes")

// Expired says what an expiry took out of the log of one ref.
type Expired struct {
	Ref           string // full name
	Expired, Kept int
}

// ExpireReflog removes the entries of the ref with the full name given that were
// written before the time, in seconds since 1970. What the ref is now stays
// whatever the log says. The stash's log is ErrStashLog.
func (t *Tx) ExpireReflog(name string, before int64) (Expired, error) {
	out := Expired{Ref: name}
	if name == stashRef {
		return out, ErrStashLog
	}
	var keys [][]byte
	for k, v := range t.meta.Range(bucketReflog, reflogPrefix(name)) {
		e, err := decodeReflog(v)
		if err != nil {
			return out, fmt.Errorf("reflog of %s: %w", name, err)
		}
		if e.By.When < before {
			keys = append(keys, k)
		} else {
			out.Kept++
		}
	}
	for _, k := range keys {
		if err := t.meta.Delete(bucketReflog, k); err != nil {
			return out, err
		}
	}
	out.Expired = len(keys)
	return out, nil
}

// DeleteReflog removes entry n, 0 being the newest, of the log of the ref with
// the full name given. An entry that is not there is an *UnknownRevisionError,
// the stash's log ErrStashLog.
func (t *Tx) DeleteReflog(name string, n int) (ReflogEntry, error) {
	if name == stashRef {
		return ReflogEntry{}, ErrStashLog
	}
	log, err := t.Reflog(name)
	if err != nil {
		return ReflogEntry{}, err
	}
	if n >= len(log) {
		return ReflogEntry{}, &UnknownRevisionError{Name: fmt.Sprintf("%s@{%d}", ShortRef(name), n),
			Reason: fmt.Sprintf("the log of %s has %d entries", ShortRef(name), len(log))}
	}
	var keys [][]byte
	for k := range t.meta.Range(bucketReflog, reflogPrefix(name)) {
		keys = append(keys, k)
	}
	return log[n], t.meta.Delete(bucketReflog, keys[len(keys)-1-n])
}

// ExpireOperations removes the operations before the first that was written at
// the time, in seconds since 1970, or later, and returns how many.
func (t *Tx) ExpireOperations(before int64) (int, error) {
	var keys [][]byte
	for k, v := range t.meta.Range(bucketOps, nil) {
		o, err := openOperation(k, v)
		if err != nil {
			return 0, err
		}
		if o.By.When >= before {
			break
		}
		keys = append(keys, k)
	}
	for _, k := range keys {
		if err := t.meta.Delete(bucketOps, k); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

// logOfGone returns the full name of a ref that is gone and whose log is there.
func (t *Tx) logOfGone(name string) (string, error) {
	logged := t.LoggedRefs()
	for _, p := range []string{name, "refs/" + name, tagPrefix + name, branchPrefix + name, remotePrefix + name} {
		if slices.Contains(logged, p) {
			return p, nil
		}
	}
	return "", t.unknown(name)
}

// LogName returns the full name of the ref whose log base@{0} reads: HEAD, a ref
// by its short or full name, also one that is gone but has a log; for "" HEAD.
// Others are an *UnknownRevisionError.
func (r *Repo) LogName(ctx context.Context, base string) (full string, err error) {
	if base == "" || base == "@" {
		return headName, nil
	}
	err = r.View(ctx, func(t *Tx) error { full, err = t.logOwner(base); return err })
	return full, err
}
