package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/segment/sealed"
)

// Entry is a value to remember.
type Entry struct{ Key, Value []byte }

// The cache's own buckets.
const (
	bucketBatches = "@batches"
	bucketState   = "@state"
	keyBytes      = "bytes"
	pageSize      = 4096
)

// Put remembers entries in bucket, all or none. Keys are 1 to 1,024 bytes long
// and the bucket's name does not begin with @. An error means that nothing was
// written and may be ignored: ErrBusy, ErrTooLarge, or what the system said.
func (db *DB) Put(bucket string, entries []Entry) error {
	if db.max < 0 || len(entries) == 0 {
		return nil
	}
	size := int64(0)
	for _, e := range entries {
		if len(e.Key) == 0 || len(e.Key) > 1024 {
			return fmt.Errorf("a key of %d bytes", len(e.Key))
		}
		size += sizeOf(e.Key, frameSize+len(e.Value))
	}
	if bucket == "" || strings.HasPrefix(bucket, "@") {
		return fmt.Errorf("a bucket called %q", bucket)
	}
	if size > db.max/8 {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	}
	err := db.write(bucket, entries)
	if err != nil && errors.Is(err, object.ErrCorrupt) {
		if err = db.remove(); err == nil || errors.Is(err, os.ErrNotExist) {
			err = db.write(bucket, entries)
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", db.path, err)
	}
	return db.Close() // so that a Get finds what was written
}

// write runs one transaction. A damaged file, or one that is too long, is
// object.ErrCorrupt.
func (db *DB) write(bucket string, entries []Entry) (err error) {
	defer db.damaged(&err)()
	if err := db.sound(bucket, entries); err != nil {
		return err
	}
	b, err := bbolt.Open(db.path, 0o666, &bbolt.Options{
		Timeout:      1, // one attempt
		NoSync:       true,
		NoGrowSync:   true,
		NoStatistics: true,
		FreelistType: bbolt.FreelistMapType,
		PageSize:     pageSize,
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return ErrBusy
	case err != nil:
		return fault(err)
	}
	defer func() {
		if cerr := b.Close(); err == nil {
			err = cerr
		}
	}()
	return b.Update(func(tx *bbolt.Tx) error { return db.update(tx, bucket, entries) })
}

// fault marks what bbolt says about bytes that are not its own.
func fault(err error) error {
	for _, bad := range []error{berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, bad) {
			return fmt.Errorf("%w: %v", object.ErrCorrupt, err)
		}
	}
	return err
}

// damaged is deferred around what bbolt does: it panics on damaged pages.
func (db *DB) damaged(err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			*err = fmt.Errorf("%w: %v", object.ErrCorrupt, r)
		}
	}
}

// sound walks the paths that a write will take, with bounds checked, as bbolt
// follows a damaged page wherever it leads, for ever if it leads in a circle.
func (db *DB) sound(bucket string, entries []Entry) (err error) {
	fi, err := os.Stat(db.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if fi.Size() > 2*db.max+1<<20 {
		return fmt.Errorf("%w: %d bytes, too many", object.ErrCorrupt, fi.Size())
	}
	if fi.Size() == 0 || !db.remap() {
		return nil // bbolt begins a file of no bytes
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	live, err := sealed.OpenLive(db.file)
	if err != nil {
		return err
	}
	if err := live.CheckFree(); err != nil {
		return err
	}
	for _, e := range entries {
		if _, _, err := live.Get(bucket, e.Key); err != nil {
			return err
		}
	}
	_, _, err = live.Get(bucketState, []byte(keyBytes))
	if err == nil {
		_, _, err = live.Get(bucketBatches, bytes.Repeat([]byte{0xff}, 8))
	}
	return err
}

// update writes one batch and makes room for it.
func (db *DB) update(tx *bbolt.Tx, bucket string, entries []Entry) error {
	var buckets [3]*bbolt.Bucket
	for i, name := range []string{bucket, bucketBatches, bucketState} {
		b, err := tx.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return err
		}
		buckets[i] = b
	}
	values, batches, state := buckets[0], buckets[1], buckets[2]
	used := int64(0)
	if v := state.Get([]byte(keyBytes)); len(v) == 8 {
		used = int64(binary.BigEndian.Uint64(v))
	}
	batch := uint64(0)
	if k, _ := batches.Cursor().Last(); len(k) == 8 {
		batch = binary.BigEndian.Uint64(k) + 1
	}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int { return bytes.Compare(a.Key, b.Key) })
	var names []byte
	for _, e := range entries {
		if old := values.Get(e.Key); old != nil {
			used -= sizeOf(e.Key, len(old))
		}
		v := seal(bucket, e.Key, batch, e.Value)
		used += sizeOf(e.Key, len(v))
		if err := values.Put(e.Key, v); err != nil {
			return err
		}
		names = appendBytes(appendBytes(names, []byte(bucket)), e.Key)
	}
	number := binary.BigEndian.AppendUint64(nil, batch)
	if err := batches.Put(number, names); err != nil {
		return err
	}
	used += sizeOf(number, len(names))
	if used > db.max {
		var err error
		if used, err = evict(tx, batches, used, db.max-db.max/8, batch); err != nil {
			return err
		}
	}
	return state.Put([]byte(keyBytes), binary.BigEndian.AppendUint64(nil, uint64(max(used, 0))))
}

// sizeOf is what an entry counts, with bbolt's own 16 bytes for it.
func sizeOf(key []byte, value int) int64 { return int64(len(key)+value) + 16 }

// evict removes the oldest batches but not the newest until at most target
// bytes are used, and returns how many are.
func evict(tx *bbolt.Tx, batches *bbolt.Bucket, used, target int64, newest uint64) (int64, error) {
	for used > target {
		k, names := batches.Cursor().First()
		if len(k) != 8 || binary.BigEndian.Uint64(k) >= newest {
			break
		}
		number, names := bytes.Clone(k), bytes.Clone(names)
		used -= sizeOf(number, len(names))
		for len(names) > 0 {
			bucket, rest, ok := cutBytes(names)
			key, rest, ok2 := cutBytes(rest)
			if !ok || !ok2 {
				return 0, fmt.Errorf("%w: a batch that names no keys", object.ErrCorrupt)
			}
			names = rest
			b := tx.Bucket(bucket)
			if b == nil {
				continue
			}
			v := b.Get(key)
			if len(v) < frameSize || !bytes.Equal(v[checkSize:frameSize], number) {
				continue // written again since
			}
			used -= sizeOf(key, len(v))
			if err := b.Delete(key); err != nil {
				return 0, err
			}
		}
		if err := batches.Delete(number); err != nil {
			return 0, err
		}
	}
	return used, nil
}

func cutBytes(b []byte) (field, rest []byte, ok bool) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil, false
	}
	return b[w : w+int(n)], b[w+int(n):], true
}
