package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/segment/sealed"
	"github.com/strata-data/strata/internal/vfs"
)

// file is one open segment. The index is mapped; blocks are read with ReadAt,
// so that a scan does not make the whole file resident and a disk error is an
// error. A file that could not be opened has broken set and nothing else.
type file struct {
	info   Info
	broken error

	f            vfs.File
	unmap        func() error
	index, packs sealed.Bucket
	intactly     map[object.ID]entry // of a damaged index what is whole; nil where Get is used
	refs         int                 // views that hold it; protected by Store.mu

	namedOnce sync.Once
	named     error // what checkName found
}

// openFile opens the segment that the catalogue describes as info. It always
// returns a file, which may be broken; missing says that it is not there.
func openFile(fsys vfs.FS, dir string, info Info) (f *file, missing bool) {
	f = &file{info: info}
	f.broken = f.open(fsys, filepath.Join(dir, info.Name+suffix))
	return f, errors.Is(f.broken, fs.ErrNotExist)
}

func (f *file) open(fsys vfs.FS, path string) (err error) {
	if f.f, err = fsys.Open(path); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	fi, err := f.f.Stat()
	if err != nil {
		return err
	}
	if fi.Size() != f.info.Size {
		return fmt.Errorf("%w: the file has %d bytes, the catalogue says %d%w", object.ErrCorrupt, fi.Size(), f.info.Size, errSize)
	}
	b, unmap, err := vfs.Map(f.f)
	if err != nil {
		return err
	}
	f.unmap = unmap
	defer guard(&err)()
	sf, err := sealed.Open(b)
	if err != nil && f.info.Objects < 0 {
		sf, err = sealed.OpenPrefix(b) // of Loose: whatever can be had
	}
	if err != nil {
		return err
	}
	if err := checkVersion(sf); err != nil {
		return err
	}
	if f.index, err = sf.Bucket(bucketIndex); err != nil {
		return err
	}
	f.packs, err = sf.Bucket(bucketPacks)
	return err
}

func checkVersion(sf *sealed.File) error {
	b, err := sf.Bucket(bucketFormat)
	if err != nil {
		return err
	}
	v, _, ok, err := b.Get([]byte(keySegment))
	if err != nil {
		return err
	}
	if !ok || len(v) != 1 {
		return fmt.Errorf("%w: the file has no format version", object.ErrCorrupt)
	}
	if v[0] != version {
		return fmt.Errorf("%w: segment version %d, this program reads version %d", object.ErrUnsupported, v[0], version)
	}
	return nil
}

// close may be called again, as of a damaged file that was given up early.
func (f *file) close() error {
	var err error
	if f.unmap != nil {
		err = f.unmap()
	}
	if f.f != nil {
		err = errors.Join(err, f.f.Close())
	}
	f.unmap, f.f = nil, nil
	return err
}

// lookup returns where the object id is; ok is false if it is not here.
func (f *file) lookup(id object.ID) (e entry, ok bool, err error) {
	if f.broken != nil {
		return e, false, f.broken
	}
	if f.intactly != nil {
		e, ok = f.intactly[id]
		return e, ok, nil
	}
	v, _, ok, err := f.index.Get(id[:])
	if ok {
		e, err = decodeEntry(v)
	}
	return e, ok && err == nil, err
}

// locate returns where in the file the block p lies.
func (f *file) locate(p place) (int64, error) {
	var key [4]byte
	binary.BigEndian.PutUint32(key[:], p.pack)
	pack, at, ok, err := f.packs.Get(key[:])
	if err != nil {
		return 0, err
	}
	if !ok || uint64(p.off)+uint64(p.stored) > uint64(len(pack)) {
		return 0, fmt.Errorf("%w: the pack does not reach that far", object.ErrCorrupt)
	}
	return at + int64(p.off), nil
}

// stored reads n bytes from offset from of the block p as it is stored.
func (f *file) stored(p place, from, n uint32) ([]byte, error) {
	at, err := f.locate(p)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	if n == 0 {
		return b, nil
	}
	if _, err = f.f.ReadAt(b, at+int64(from)); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: the file ends early", object.ErrCorrupt)
	}
	return b, err
}

// ids returns the index of the file in ascending order of ids.
func (f *file) ids() iter.Seq2[indexed, error] {
	return func(yield func(indexed, error) bool) {
		if f.broken != nil {
			yield(indexed{}, f.corrupt(object.ID{}, f.broken))
			return
		}
		for kv, err := range f.index.All() {
			var x indexed
			if err == nil && len(kv.Key) != object.Size {
				err = fmt.Errorf("%w: an id of %d bytes", object.ErrCorrupt, len(kv.Key))
			}
			if err == nil {
				x.id = object.ID(kv.Key)
				x.entry, err = decodeEntry(kv.Value)
			}
			if err != nil {
				yield(x, f.corrupt(x.id, err))
				return
			}
			if !yield(x, nil) {
				return
			}
		}
	}
}

// indexed is one entry of an index.
type indexed struct {
	id object.ID
	entry
}

// checkName compares the ids with the file's name, once. It is what makes "not
// found" certain.
func (f *file) checkName() error {
	f.namedOnce.Do(func() {
		var err error
		defer func() { f.named = err }()
		defer guard(&err)()
		h := object.NewHasher()
		for x, xerr := range f.ids() {
			if xerr != nil {
				err = xerr
				return
			}
			h.Write(x.id[:])
		}
		if !namedBy(h, f.info.Name) {
			err = f.corrupt(object.ID{}, fmt.Errorf("%w: its ids do not make its name", object.ErrCorrupt))
		}
	})
	return f.named
}

// nameOf returns the name of a segment whose ids were written to h.
func nameOf(h object.Hasher) string { return h.Sum().String()[:nameSize] }

// otherName returns the second name of that segment, which it has where the first
// is taken. Nothing can be written to h after it.
func otherName(h object.Hasher) string {
	h.Write([]byte{1})
	return nameOf(h)
}

func namedBy(h object.Hasher, name string) bool { return nameOf(h) == name || otherName(h) == name }

// corrupt returns err as a CorruptError of object id in this file, unless it is
// something else than damage: a disk error, say, or a newer format.
func (f *file) corrupt(id object.ID, err error, where ...place) error {
	at := "segment " + f.info.Name + suffix
	for _, p := range where {
		at += fmt.Sprintf(" pack %d offset %d", p.pack, p.off)
	}
	if c, ok := errors.AsType[*object.CorruptError](err); ok {
		if c.ID.IsZero() {
			return &object.CorruptError{ID: id, Place: c.Place, Detail: c.Detail}
		}
		return c
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &object.CorruptError{ID: id, Place: at, Detail: "the catalogue names this file, but it is missing"}
	case errors.Is(err, object.ErrCorrupt):
		detail := bytes.TrimPrefix([]byte(err.Error()), []byte(object.ErrCorrupt.Error()+": "))
		return &object.CorruptError{ID: id, Place: at, Detail: string(detail)}
	}
	return fmt.Errorf("read %s: %w", at, err)
}
