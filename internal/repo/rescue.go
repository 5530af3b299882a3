package repo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/vfs"
)

// bucketKnown holds the damage that a repair could not undo and has written
// down (docs/format/known.md).
const bucketKnown = "known"

// LockForRepair is Lock that removes nothing of what killed writers left, as
// some of it may be needed.
func (r *Repo) LockForRepair(ctx context.Context) (unlock func() error, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // only shown to people
	}
	holder := vfs.Holder{PID: os.Getpid(), Host: host, Command: r.opt.Command, Since: r.opt.Now()}
	for waited := time.Duration(0); ; waited += lockPoll {
		unlock, err = vfs.Lock(r.layout.lockPath(), holder)
		if held := (*vfs.LockedError)(nil); err == nil || !errors.As(err, &held) || waited >= r.opt.LockWait {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// Repair runs fn in a transaction that may write, like Update, and leaves the
// operation log alone: undo must not bring damage back.
func (r *Repo) Repair(ctx context.Context, fn func(*Rescue) error) error {
	return r.meta.Update(ctx, func(m meta.Tx) error { return fn(&Rescue{t: &Tx{meta: m.Loose()}}) })
}

// Rescue changes entries of meta.db that may be damaged, in one transaction.
// Nothing that it writes checks what is there.
type Rescue struct{ t *Tx }

// Drop removes the entry b.
func (x *Rescue) Drop(b BadEntry) error {
	if b.Place == PlaceReflog && !bytes.ContainsRune(b.Key, 0) {
		return nil // CountReflogs writes it anew
	}
	return x.t.meta.Delete(string(b.Place), b.Key)
}

// SetRef makes the ref name a commit and logs it, with why it was done; a zero
// id deletes it.
func (x *Rescue) SetRef(name string, id object.ID, by Signature, why string) error {
	if err := x.t.putRef(name, id); err != nil || id.IsZero() || name == origHeadName {
		return err
	}
	return x.t.addReflog(name, ReflogEntry{New: id, By: by, Message: why})
}

// SetHead makes HEAD name a branch, which need not exist.
func (x *Rescue) SetHead(branch string) error {
	return x.t.meta.Put(bucketRefs, []byte(headName), []byte(symbolicPrefix+branch))
}

// DropReflog removes an entry of the log of a ref.
func (x *Rescue) DropReflog(name string, seq uint64) error {
	return x.t.meta.Delete(bucketReflog, reflogKey(name, seq))
}

// CountReflogs makes the numbers of the last entries those of the logs.
func (x *Rescue) CountReflogs() error {
	last := map[string]uint64{}
	for k := range x.t.meta.Range(bucketReflog, nil) {
		if name, seq, err := parseReflogKey(k); err == nil {
			last[name] = max(last[name], seq)
		}
	}
	var stale []string
	for k, v := range x.t.meta.Range(bucketReflogLast, nil) {
		n, logged := last[string(k)]
		switch {
		case len(v) == 8 && binary.BigEndian.Uint64(v) >= n:
			delete(last, string(k))
		case !logged:
			stale = append(stale, string(k))
		}
	}
	for _, name := range stale {
		if err := x.t.meta.Delete(bucketReflogLast, []byte(name)); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(last) {
		if err := x.t.meta.Put(bucketReflogLast, []byte(name), binary.BigEndian.AppendUint64(nil, last[name])); err != nil {
			return err
		}
	}
	return nil
}

// SetDataset stages a table; the zero id takes the dataset out of the index.
func (x *Rescue) SetDataset(name string, id object.ID) error {
	var v []byte
	if !id.IsZero() {
		v = bytes.Clone(id[:])
	}
	if err := x.t.putOrDelete(bucketIndex, prefixDataset+name, v); err != nil {
		return err
	}
	next := binary.BigEndian.AppendUint64(nil, x.t.indexVersion()+1)
	return x.t.meta.Put(bucketIndex, []byte(keyVersion), next)
}

// DropState forgets unfinished work.
func (x *Rescue) DropState(kind string) error {
	return x.t.meta.Delete(bucketState, []byte(kind))
}

// DropOperation removes a record of the operation log.
func (x *Rescue) DropOperation(seq uint64) error {
	return x.t.meta.Delete(bucketOps, opKey(seq))
}

// SetKnown makes keys the damage that is known.
func (x *Rescue) SetKnown(keys []string) error {
	if err := x.t.meta.DeleteBucket(bucketKnown); err != nil {
		return err
	}
	for _, k := range keys {
		if err := x.t.meta.Put(bucketKnown, []byte(strings.Clone(k)), []byte{}); err != nil {
			return err
		}
	}
	return nil
}

// Meta gives the transaction to owners of other buckets.
func (x *Rescue) Meta() meta.Tx { return x.t.meta }
