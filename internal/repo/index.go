package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Index is the staged state: what the next commit will hold, and which working
// files it was read from (docs/format/index.md). Only what an Index was loaded
// from can be saved over, so concurrent writers cannot lose each other's work.
type Index struct {
	Datasets map[string]object.ID // dataset name -> staged table
	Sources  map[string]Source    // path from the working directory's root, with slashes
	version  uint64
}

// Source is a working file that a dataset was read from.
type Source struct {
	FileRecord
	Dataset string
}

// ErrIndexMoved is returned when the index was changed by someone else since
// it was loaded.
var ErrIndexMoved = errors.New("the index was changed meanwhile")

const (
	bucketIndex    = "index"
	keyVersion     = "version"
	prefixDataset  = "d/"
	prefixSource   = "s/"
	maxSourcesPath = 4096 // bytes
)

// Tree returns the staged tree.
func (ix *Index) Tree() (*Tree, error) {
	entries := make([]Entry, 0, len(ix.Datasets))
	for _, name := range slices.Sorted(maps.Keys(ix.Datasets)) {
		entries = append(entries, Entry{Name: name, Table: ix.Datasets[name]})
	}
	return NewTree(entries)
}

// SetTree makes the datasets of ix those of t. Sources stay: they say what
// working files contain, not what is staged.
func (ix *Index) SetTree(t *Tree) {
	ix.Datasets = make(map[string]object.ID, len(t.Entries))
	for _, e := range t.Entries {
		ix.Datasets[e.Name] = e.Table
	}
}

// SourcesOf returns the paths of the sources of the dataset name, in order.
func (ix *Index) SourcesOf(name string) []string {
	var paths []string
	for p, s := range ix.Sources {
		if s.Dataset == name {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return paths
}

// Index returns the index.
func (r *Repo) Index(ctx context.Context) (ix *Index, err error) {
	err = r.View(ctx, func(t *Tx) error { ix, err = t.Index(); return err })
	return ix, err
}

// SaveIndex replaces the index by ix. ErrIndexMoved means that someone else
// did so since ix was loaded.
func (r *Repo) SaveIndex(ctx context.Context, ix *Index) error {
	return r.Update(ctx, func(t *Tx) error { return t.SaveIndex(ix) })
}

// Staged returns the datasets in which the index differs from HEAD's commit,
// in order of name.
func (r *Repo) Staged(ctx context.Context) ([]TreeChange, error) {
	var h Head
	var ix *Index
	err := r.View(ctx, func(t *Tx) (err error) {
		if h, err = t.Head(); err == nil {
			ix, err = t.Index()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	head, err := r.CommitTree(ctx, h.ID)
	if err != nil {
		return nil, err
	}
	staged, err := ix.Tree()
	if err != nil {
		return nil, err
	}
	return DiffTrees(head, staged), nil
}

// Index returns the index.
func (t *Tx) Index() (*Index, error) {
	ix := &Index{Datasets: map[string]object.ID{}, Sources: map[string]Source{}, version: t.indexVersion()}
	for k, v := range t.meta.Range(bucketIndex, nil) {
		key := string(k)
		name, isDataset := strings.CutPrefix(key, prefixDataset)
		path, isSource := strings.CutPrefix(key, prefixSource)
		switch {
		case isDataset:
			if err := CheckDatasetName(name); err != nil || len(v) != object.Size || object.ID(v).IsZero() {
				return nil, fmt.Errorf("%w: index entry of dataset %q", object.ErrCorrupt, name)
			}
			ix.Datasets[name] = object.ID(v)
		case isSource:
			s, err := decodeSource(v)
			if err == nil {
				err = checkSourcePath(path)
			}
			if err != nil {
				return nil, fmt.Errorf("index entry of file %q: %w", path, err)
			}
			ix.Sources[path] = s
		case key != keyVersion:
			return nil, fmt.Errorf("%w: unknown index entry %q", object.ErrUnsupported, key)
		}
	}
	return ix, nil
}

// SaveIndex replaces the index by ix, writing only what differs. See
// Repo.SaveIndex.
func (t *Tx) SaveIndex(ix *Index) error {
	if t.indexVersion() != ix.version {
		return ErrIndexMoved
	}
	want := make(map[string][]byte, len(ix.Datasets)+len(ix.Sources))
	for name, id := range ix.Datasets {
		if err := CheckDatasetName(name); err != nil {
			return err
		}
		if id.IsZero() {
			return fmt.Errorf("stage dataset %q: no table", name)
		}
		want[prefixDataset+name] = slices.Clone(id[:])
	}
	for path, s := range ix.Sources {
		b := appendSource(nil, s)
		if err := checkSourcePath(path); err != nil {
			return err
		}
		if _, err := decodeSource(b); err != nil {
			return fmt.Errorf("save the state of %q: %w", path, err)
		}
		want[prefixSource+path] = b
	}
	for k, v := range t.meta.Range(bucketIndex, nil) {
		have, ok := want[string(k)]
		if ok && string(have) == string(v) {
			delete(want, string(k))
		} else if !ok {
			want[string(k)] = nil
		}
	}
	delete(want, keyVersion)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if err := t.set(bucketIndex, k, want[k]); err != nil {
			return err
		}
	}
	ix.version++
	return t.meta.Put(bucketIndex, []byte(keyVersion), binary.BigEndian.AppendUint64(nil, ix.version))
}

func (t *Tx) putOrDelete(bucket, key string, value []byte) error {
	if value == nil {
		return t.meta.Delete(bucket, []byte(key))
	}
	return t.meta.Put(bucket, []byte(key), value)
}

func (t *Tx) indexVersion() uint64 {
	v := t.meta.Get(bucketIndex, []byte(keyVersion))
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

func appendSource(b []byte, s Source) []byte {
	return append(appendRecord(b, s.FileRecord), s.Dataset...)
}

func decodeSource(b []byte) (Source, error) {
	if err := checkRecord(b); err != nil {
		return Source{}, err
	}
	name := string(b[recordSize:])
	if err := CheckDatasetName(name); err != nil {
		return Source{}, fmt.Errorf("%w: %v", object.ErrCorrupt, err)
	}
	return Source{FileRecord: readRecord(b), Dataset: name}, nil
}

func checkSourcePath(p string) error {
	if p == "" || len(p) > maxSourcesPath || strings.HasPrefix(p, "/") || strings.ContainsRune(p, 0) {
		return fmt.Errorf("%w: bad path %.80q", object.ErrCorrupt, p)
	}
	return nil
}
