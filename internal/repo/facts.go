package repo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// Place is the part of meta.db in which something is.
type Place string

// The places, which are names of buckets.
const (
	PlaceRefs   Place = bucketRefs
	PlaceReflog Place = bucketReflog
	PlaceIndex  Place = bucketIndex
	PlaceStat   Place = bucketStat
	PlaceState  Place = bucketState
)

// Mention is an object that meta.db names.
type Mention struct {
	ID    object.ID
	Place Place
	// Name is the full name of the ref for refs and reflog, the dataset for the
	// index, the kind of work for the state.
	Name string
	Seq  uint64 // of the entry, for the reflog
	Old  bool   // for the reflog: where the ref was, not where it went
}

// String says where m is, as people write it.
func (m Mention) String() string {
	switch m.Place {
	case PlaceRefs:
		return m.Name
	case PlaceReflog:
		return fmt.Sprintf("reflog of %s, entry %d", m.Name, m.Seq)
	case PlaceIndex:
		return "index, " + m.Name
	}
	return string(m.Place) + ", " + m.Name
}

// BadEntry is an entry of meta.db that is not what its format says.
type BadEntry struct {
	Place  Place
	Key    []byte
	Value  []byte
	Name   string // as in Mention, where it can be told
	Detail string
	Err    error // wraps object.ErrCorrupt or object.ErrUnsupported
}

// Facts is what meta.db says about refs, reflog, index, stat cache and state,
// read entry by entry, so that one that is damaged hides no other.
type Facts struct {
	Head     Head // zero where HEAD is damaged
	HeadOK   bool
	Refs     []Ref     // branches, tags and others, in order of name
	Mentions []Mention // every id that is named, in the order of the buckets
	Bad      []BadEntry
	Known    []string // damage that a repair has left, by its key (docs/format/known.md)
}

// ReadFacts reads what the transaction sees. It reads no objects.
func ReadFacts(m meta.Tx) *Facts {
	f := new(Facts)
	m = m.Loose()
	t := &Tx{meta: m}
	f.readRefs(t)
	f.readReflog(t)
	f.readIndex(t)
	f.readStats(t)
	f.readState(t)
	f.readOps(t)
	f.readKnown(t)
	f.readDamaged(m)
	for i := range f.Bad {
		f.Bad[i].Value = m.Get(string(f.Bad[i].Place), f.Bad[i].Key)
	}
	return f
}

// readDamaged adds the entries whose checksum does not fit, though they can be
// read.
func (f *Facts) readDamaged(m meta.Tx) {
	for bucket, key := range m.Damaged() {
		if bucket == meta.BucketSegments { // read where the catalogue is
			continue
		}
		if slices.ContainsFunc(f.Bad, func(b BadEntry) bool { return b.Place == Place(bucket) && string(b.Key) == string(key) }) {
			continue
		}
		name := strings.TrimPrefix(string(key), "d/")
		f.bad(Place(bucket), key, name, fmt.Errorf("%w: its checksum does not fit", object.ErrCorrupt))
	}
}

func (f *Facts) bad(place Place, key []byte, name string, err error) {
	detail := strings.ReplaceAll(err.Error(), object.ErrCorrupt.Error()+": ", "")
	f.Bad = append(f.Bad, BadEntry{Place: place, Key: slices.Clone(key), Name: name, Detail: detail, Err: err})
}

func (f *Facts) mention(m Mention) {
	if !m.ID.IsZero() {
		f.Mentions = append(f.Mentions, m)
	}
}

func (f *Facts) readRefs(t *Tx) {
	h, err := t.Head()
	if f.Head, f.HeadOK = h, err == nil; err != nil && !f.headBranchBad(t) {
		f.bad(PlaceRefs, []byte(headName), headName, err)
	}
	if h.Detached() {
		f.mention(Mention{ID: h.ID, Place: PlaceRefs, Name: headName})
	}
	for k, v := range t.meta.Range(bucketRefs, nil) {
		name := string(k)
		if name == headName {
			continue
		}
		id, err := parseRefID(v)
		if err == nil && !pseudoRef(name) {
			err = t.checkSettable(name, id)
		}
		if err == nil && !pseudoRef(name) {
			f.Refs = append(f.Refs, Ref{Name: name, Target: id})
		}
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) {
				err = fmt.Errorf("%w: %v", object.ErrCorrupt, err)
			}
			f.bad(PlaceRefs, k, name, err)
		}
		f.mention(Mention{ID: id, Place: PlaceRefs, Name: name})
	}
}

// headBranchBad reports whether HEAD is fine but for the value of its branch,
// which is reported by itself.
func (f *Facts) headBranchBad(t *Tx) bool {
	branch, ok := strings.CutPrefix(string(t.meta.Get(bucketRefs, []byte(headName))), symbolicPrefix)
	if !ok || CheckRefName(branch) != nil || !strings.HasPrefix(branch, branchPrefix) {
		return false
	}
	f.Head, f.HeadOK = Head{Branch: branch}, true
	return true
}

func (f *Facts) readReflog(t *Tx) {
	last := map[string]uint64{}
	for k, v := range t.meta.Range(bucketReflog, nil) {
		name, seq, err := parseReflogKey(k)
		var e ReflogEntry
		if err == nil {
			last[name] = max(last[name], seq)
			e, err = decodeReflog(v)
		}
		if err != nil {
			f.bad(PlaceReflog, k, name, err)
			continue
		}
		f.mention(Mention{ID: e.Old, Place: PlaceReflog, Name: name, Seq: seq, Old: true})
		f.mention(Mention{ID: e.New, Place: PlaceReflog, Name: name, Seq: seq})
	}
	for k, v := range t.meta.Range(bucketReflogLast, nil) {
		if len(v) != 8 || binary.BigEndian.Uint64(v) < last[string(k)] {
			f.bad(PlaceReflog, k, string(k), fmt.Errorf("%w: the number of the last entry is not that of the log", object.ErrCorrupt))
		}
		delete(last, string(k))
	}
	for _, name := range sortedKeys(last) {
		f.bad(PlaceReflog, []byte(name), name, fmt.Errorf("%w: the number of the last entry is missing", object.ErrCorrupt))
	}
}

func parseReflogKey(k []byte) (name string, seq uint64, err error) {
	name, rest, ok := strings.Cut(string(k), "\x00")
	if !ok || len(rest) != 8 || name == "" {
		return name, 0, fmt.Errorf("%w: reflog key %.80q", object.ErrCorrupt, k)
	}
	if seq = binary.BigEndian.Uint64([]byte(rest)); seq == 0 {
		return name, 0, fmt.Errorf("%w: reflog entry 0 of %s", object.ErrCorrupt, name)
	}
	return name, seq, nil
}

func (f *Facts) readIndex(t *Tx) {
	for k, v := range t.meta.Range(bucketIndex, nil) {
		key := string(k)
		name, isDataset := strings.CutPrefix(key, prefixDataset)
		path, isSource := strings.CutPrefix(key, prefixSource)
		switch {
		case isDataset:
			if err := CheckDatasetName(name); err != nil || len(v) != object.Size || object.ID(v).IsZero() {
				f.bad(PlaceIndex, k, name, fmt.Errorf("%w: entry of dataset %.80q", object.ErrCorrupt, name))
				continue
			}
			f.mention(Mention{ID: object.ID(v), Place: PlaceIndex, Name: name})
		case isSource:
			_, err := decodeSource(v)
			if err == nil {
				err = checkSourcePath(path)
			}
			if err != nil {
				f.bad(PlaceIndex, k, path, err)
			}
		case key == keyVersion:
			if len(v) != 8 {
				f.bad(PlaceIndex, k, key, fmt.Errorf("%w: version of %d bytes", object.ErrCorrupt, len(v)))
			}
		default:
			f.bad(PlaceIndex, k, key, fmt.Errorf("%w: unknown entry %.80q", object.ErrUnsupported, key))
		}
	}
}

func (f *Facts) readStats(t *Tx) {
	for k, v := range t.meta.Range(bucketStat, nil) {
		if _, err := openBlock(k, v); err != nil {
			f.bad(PlaceStat, k, string(k), err)
		}
	}
}

func (f *Facts) readState(t *Tx) {
	for k, v := range t.meta.Range(bucketState, nil) {
		s, err := DecodeState(v)
		if err == nil && s.Kind != string(k) {
			err = fmt.Errorf("%w: it is of kind %q", object.ErrCorrupt, s.Kind)
		}
		if err != nil {
			f.bad(PlaceState, k, string(k), err)
			continue
		}
		for _, id := range s.Objects() {
			f.mention(Mention{ID: id, Place: PlaceState, Name: s.Kind})
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// MetaPath returns the path of meta.db.
func (l Layout) MetaPath() string { return l.metaPath() }

// ObjectsDir returns the directory of the segments.
func (l Layout) ObjectsDir() string { return l.objectsDir() }

// LockPath returns the path of the lock of the one writer.
func (l Layout) LockPath() string { return l.lockPath() }
