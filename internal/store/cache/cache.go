// Package cache is .strata/cache.db: a memo of results that can be computed
// again, by bucket and key. Profiles, what commits change and the shape of the
// history are kept here.
//
// The one invariant: it never changes an answer. Keys are made of object ids
// and buckets are named after the version of the algorithm, so a value never
// becomes wrong; every value is checked against a checksum when it is read; and
// whatever goes wrong (no file, a damaged one, another process that writes) is a
// miss. So Get returns no error, and that of Put is for whoever is curious.
//
// Get takes no lock: it maps the file and walks it with bounds checked
// (internal/store/segment/sealed.Live). Put takes bbolt's lock, without waiting.
//
// The layout is in docs/format/cache.md. Start reading at DB.Get, then DB.Put.
package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/segment/sealed"
	"github.com/strata-data/strata/internal/vfs"
)

// DefaultSize is the limit where Options name none, in bytes.
const DefaultSize = 1 << 30

// Options of Open. The zero value is usable.
type Options struct {
	// MaxBytes bounds the bytes of all keys and values; 0 means DefaultSize,
	// less than 0 no cache at all. The file is at most about twice as long.
	MaxBytes int64
}

// DB is the file cache.db. It is safe for concurrent use by many goroutines
// and processes.
type DB struct {
	path string
	max  int64

	mu     sync.RWMutex                // held for writing while the mapping changes
	file   []byte                      // the mapping; nil before the first Get and where there is no file
	live   atomic.Pointer[sealed.Live] // a state of the file as it was read before
	unmap  func() error
	absent bool // there was no file; looked for again after a Put
}

// Open returns the file at path without touching it.
func Open(path string, o Options) *DB {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultSize
	}
	return &DB{path: path, max: o.MaxBytes}
}

// Path returns the path that db was opened with.
func (db *DB) Path() string { return db.path }

// Close gives the mapping back. A later Get opens the file again.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.drop()
}

// drop forgets the mapping, with mu held.
func (db *DB) drop() error {
	unmap := db.unmap
	db.file, db.unmap, db.absent = nil, nil, false
	db.live.Store(nil)
	if unmap == nil {
		return nil
	}
	return unmap()
}

// Get returns the values of keys in bucket, nil for each that is not there. The
// values belong to the caller; an empty one is not nil.
func (db *DB) Get(bucket string, keys [][]byte) [][]byte {
	values := make([][]byte, len(keys))
	if db.max < 0 || len(keys) == 0 {
		return values
	}
	if db.read(bucket, keys, values) {
		return values
	}
	// No file yet, or it has grown out of the mapping.
	if db.remap() {
		db.read(bucket, keys, values)
	}
	return values
}

// Value returns the value of one key, nil if it is not there.
func (db *DB) Value(bucket string, key []byte) []byte {
	return db.Get(bucket, [][]byte{key})[0]
}

// read fills in values from the mapping, and reports whether that is of any use.
func (db *DB) read(bucket string, keys, values [][]byte) (ok bool) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.file == nil {
		return db.absent
	}
	defer outlive(&ok)()
	live := db.live.Load()
	for i, k := range keys {
		if live != nil {
			if values[i] = lookUp(live, bucket, k); values[i] != nil {
				continue
			}
		}
		// Perhaps it has been written since.
		now, err := sealed.OpenLive(db.file)
		if err != nil {
			return false
		}
		if live == nil || now.Number() != live.Number() {
			live = now
			db.live.Store(live)
			values[i] = lookUp(live, bucket, k)
		}
	}
	return true
}

// lookUp returns the value of key, nil if it is not there.
func lookUp(live *sealed.Live, bucket string, key []byte) []byte {
	v, found, err := live.Get(bucket, key)
	if !found || err != nil {
		return nil
	}
	return open(bucket, key, bytes.Clone(v))
}

// remap maps the file as it is now and reports whether there is one.
func (db *DB) remap() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	_ = db.drop() // the address range is gone in any case
	f, err := vfs.OS{}.Open(db.path)
	if err != nil {
		db.absent = true
		return false
	}
	defer f.Close()
	db.file, db.unmap, err = vfs.Map(f)
	if err != nil {
		db.file, db.unmap, db.absent = nil, nil, true
	}
	return err == nil
}

// outlive is deferred as `defer outlive(&ok)()` around work on the mapping: a
// memory fault there, of a file that was cut or a disk that failed, makes ok
// false. Other panics pass.
func outlive(ok *bool) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		r := recover()
		if r == nil {
			return
		}
		if _, fault := r.(interface {
			runtime.Error
			Addr() uintptr
		}); !fault {
			panic(r)
		}
		*ok = false
	}
}

// checkSize and frameSize are the bytes in front of a value: its checksum, and
// that with the number of its batch.
const (
	checkSize = 16
	frameSize = checkSize + 8
)

// seal returns a value as it is stored.
func seal(bucket string, key []byte, batch uint64, value []byte) []byte {
	b := make([]byte, checkSize, frameSize+len(value))
	b = append(binary.BigEndian.AppendUint64(b, batch), value...)
	c := check(bucket, key, b[checkSize:])
	copy(b, c[:checkSize])
	return b
}

// open returns the value in b, which is the caller's copy; nil if the checksum
// does not fit.
func open(bucket string, key, b []byte) []byte {
	if len(b) < frameSize {
		return nil
	}
	if c := check(bucket, key, b[checkSize:]); !bytes.Equal(b[:checkSize], c[:checkSize]) {
		return nil
	}
	return b[frameSize:]
}

func check(bucket string, key, rest []byte) object.ID {
	b := make([]byte, 0, 2*binary.MaxVarintLen32+len(bucket)+len(key)+len(rest))
	b = appendBytes(b, []byte(bucket))
	b = appendBytes(b, key)
	return object.Sum(append(b, rest...))
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// The conditions in which Put writes nothing.
var (
	// ErrBusy is returned when another process has the file.
	ErrBusy = errors.New("the cache is in use")
	// ErrTooLarge is returned for entries of more than an eighth of the limit.
	ErrTooLarge = errors.New("too large for the cache")
)

// remove deletes the file, which is damaged or too long.
func (db *DB) remove() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	_ = db.drop()
	return os.Remove(db.path)
}
