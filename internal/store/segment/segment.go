// Package segment is the object store on disk: sealed files of many objects
// under `.strata/objects`, named by the catalogue in `.strata/meta.db`
// (docs/format/segment.md, docs/format/delta.md).
//
// Objects of one stream lie together in blocks that are compressed as one, and
// an object that was edited from another may be kept as the difference. The one
// invariant: a segment is complete, synced and renamed before the catalogue
// names it, and never changes after that; so readers need no lock, a crash
// leaves the old catalogue or the new one, and every object that a reader is
// given has been checked against its id.
//
// A Writer gathers new objects into one segment and publishes it; small
// segments are merged after that, so that there are about ten. Only one process
// may write at a time (it holds the repository's lock); any number may read.
// Start reading at Store.Get, then Writer.Put, then builder, then merge.go.
package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/vfs"
)

// Options of a Store. The zero value is usable.
type Options struct {
	CacheBytes int64            // for decoded blocks; 0 means 64 MiB
	Workers    int              // goroutines that compress; 0 means GOMAXPROCS
	NoMerge    bool             // do not merge small segments after publishing
	FS         vfs.FS           // nil means the machine's
	Log        *slog.Logger     // nil discards
	Now        func() time.Time // the clock, for how old garbage is; nil: not known
}

// Store is the segments of one repository. It is safe for concurrent use.
type Store struct {
	dir     string
	db      *meta.DB
	opt     Options
	fs      vfs.FS
	cache   *cache
	decoder decoder
	differ  differ

	mu     sync.Mutex
	cur    *view // nil until something is read
	closed bool
}

var _ store.Store = (*Store)(nil)

// errClosed is returned by a Store or Writer that was closed.
var errClosed = errors.New("object store is closed")

// Open returns the store whose segments lie in dir and whose catalogue is in
// db. It touches neither before an object is asked for.
func Open(dir string, db *meta.DB, o Options) *Store {
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.FS == nil {
		o.FS = vfs.OS{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Time{} }
	}
	return &Store{dir: dir, db: db, opt: o, fs: o.FS, cache: newCache(o.CacheBytes)}
}

// Get implements store.Reader. What it returns may be kept after Close too.
func (s *Store) Get(ctx context.Context, id object.ID) ([]byte, error) {
	v, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.read(v, id)
	if !errors.Is(err, object.ErrNotFound) {
		s.release(v)
		return b, err
	}
	// Another process may have published or merged since.
	fresh, err := s.refresh(ctx, v)
	s.release(v)
	if err != nil {
		return nil, err
	}
	defer s.release(fresh)
	if fresh != v {
		if b, err = s.read(fresh, id); !errors.Is(err, object.ErrNotFound) {
			return b, err
		}
	}
	for _, f := range fresh.files {
		if err := f.checkName(); err != nil {
			return nil, f.corrupt(id, err)
		}
	}
	return nil, notFound(id)
}

// Has implements store.Reader.
func (s *Store) Has(ctx context.Context, id object.ID) (bool, error) {
	v, err := s.acquire(ctx)
	if err != nil {
		return false, err
	}
	ok, err := v.has(id)
	if ok || err != nil {
		s.release(v)
		return ok, err
	}
	fresh, err := s.refresh(ctx, v)
	s.release(v)
	if err != nil {
		return false, err
	}
	defer s.release(fresh)
	if fresh == v {
		return false, nil
	}
	return fresh.has(id)
}

func notFound(id object.ID) error { return fmt.Errorf("%w: %s", object.ErrNotFound, id) }

// Segments returns the catalogue, oldest first.
func (s *Store) Segments(ctx context.Context) ([]Info, error) {
	if s.db == nil {
		return nil, errNoCatalogue
	}
	var infos []Info
	err := s.db.View(ctx, func(tx meta.Tx) (err error) {
		infos, err = readCatalogue(tx)
		return err
	})
	return infos, err
}

// Close closes the segments. Writers of the store must be done.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.decoder.close()
	if s.cur == nil {
		return nil
	}
	return s.unref(s.cur)
}

// view is the catalogue at one time with its files open, newest first. refs
// counts the store, while it is the current one, and everybody who reads.
type view struct {
	files      []*file
	generation uint64 // of meta.db when it was read; protected by Store.mu
	refs       int    // the same
}

// has reports whether any segment has id. Damage counts only when no segment
// that is whole has it.
func (v *view) has(id object.ID) (ok bool, err error) {
	defer guard(&err)()
	var bad error
	for _, f := range v.files {
		_, ok, err := f.lookup(id)
		if ok {
			return true, nil
		}
		if err != nil {
			bad = f.corrupt(id, err)
		}
	}
	return false, bad
}

// acquire returns the current view, which the caller must release.
func (s *Store) acquire(ctx context.Context) (*view, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errClosed
	}
	if v := s.cur; v != nil {
		v.refs++
		s.mu.Unlock()
		return v, nil
	}
	s.mu.Unlock()
	return s.refresh(ctx, nil)
}

func (s *Store) release(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unref(v); err != nil {
		s.opt.Log.Warn("close segment", "err", err)
	}
}

// unref drops one reference to v with s.mu held, and closes files that nothing
// refers to any more.
func (s *Store) unref(v *view) error {
	v.refs--
	if v.refs > 0 {
		return nil
	}
	var err error
	for _, f := range v.files {
		f.refs--
		if f.refs == 0 {
			s.cache.forget(f)
			err = errors.Join(err, f.close())
		}
	}
	return err
}

// refresh returns the current view after reading the catalogue again if that
// has changed. The caller must release it. old is what the caller has, or nil;
// it is returned again if nothing has changed.
func (s *Store) refresh(ctx context.Context, old *view) (*view, error) {
	if s.db == nil {
		return s.acquire(ctx) // of OpenFiles: it never changes
	}
	if v := s.unchanged(old); v != nil {
		return v, nil
	}
	for attempt := 0; ; attempt++ {
		var infos []Info
		var generation uint64
		err := s.db.View(ctx, func(tx meta.Tx) (err error) {
			infos, err = readCatalogue(tx)
			generation = tx.Generation()
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the catalogue of segments: %w", err)
		}
		v, missing, err := s.adopt(infos, generation)
		if err != nil {
			return nil, err
		}
		// A file can vanish between reading the catalogue and opening it, when
		// another process merges; then the catalogue has changed as well.
		if !missing || attempt == 3 {
			return v, nil
		}
		s.release(v)
	}
}

// unchanged returns old with a reference more if it is still what meta.db says,
// or nil.
func (s *Store) unchanged(old *view) *view {
	if old == nil {
		return nil
	}
	g, err := s.db.Generation()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.closed || s.cur != old || old.generation != g {
		return nil
	}
	old.refs++
	return old
}

// adopt makes infos the current view. Files that are open already stay so.
func (s *Store) adopt(infos []Info, generation uint64) (v *view, missing bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false, errClosed
	}
	if s.cur != nil && s.cur.generation > generation {
		s.cur.refs++ // someone was faster
		return s.cur, false, nil
	}
	open := map[string]*file{}
	if s.cur != nil {
		for _, f := range s.cur.files {
			if f.broken == nil || !errors.Is(f.broken, fs.ErrNotExist) {
				open[f.info.Name] = f
			}
		}
	}
	v = &view{generation: generation}
	same := s.cur != nil && len(s.cur.files) == len(infos)
	for i := range infos {
		info := infos[len(infos)-1-i]
		f := open[info.Name]
		if f == nil || f.info != info {
			var gone bool
			f, gone = openFile(s.fs, s.dir, info)
			missing = missing || gone
		}
		same = same && s.cur.files[i] == f
		v.files = append(v.files, f)
	}
	if same {
		s.cur.refs++
		s.cur.generation = generation
		return s.cur, missing, nil
	}
	for _, f := range v.files {
		f.refs++
	}
	v.refs = 2
	if s.cur != nil {
		err = s.unref(s.cur)
	}
	s.cur = v
	return v, missing, err
}
