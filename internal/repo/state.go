package repo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// The kinds of work that a State remembers.
const (
	StateMerge      = "merge"
	StateCherryPick = "cherry-pick"
	StateRevert     = "revert"
	StateStash      = "stash"
	StateBisect     = "bisect"
)

// bucketState holds one record for each kind of work (docs/format/state.md).
const bucketState = "state"

// State is what a verb that stopped before its end remembers, so that it can go
// on or go back (docs/format/state.md). It is written and removed in the
// transaction that moves what it is about.
type State struct {
	Kind     string            `cbor:"1,keyasint"`
	Head     object.ID         `cbor:"2,keyasint,omitzero"` // HEAD's commit before the work
	Branch   string            `cbor:"3,keyasint,omitempty"`
	Index    []Entry           `cbor:"4,keyasint,omitempty"` // datasets of the index before the work
	Staged   []Entry           `cbor:"5,keyasint,omitempty"` // as the verb left them
	Theirs   []object.ID       `cbor:"6,keyasint,omitempty"` // commits that are brought in
	Todo     []object.ID       `cbor:"7,keyasint,omitempty"` // commits that come after Theirs
	Message  string            `cbor:"8,keyasint,omitempty"` // of the commit to make
	Datasets []StateDataset    `cbor:"9,keyasint,omitempty"` // that had conflicts
	Options  map[string]string `cbor:"10,keyasint,omitempty"`
	Names    []string          `cbor:"11,keyasint,omitempty"` // how the user named Theirs
	Keep     []object.ID       `cbor:"12,keyasint,omitempty"` // further objects to keep, for other verbs
	Payload  []byte            `cbor:"13,keyasint,omitempty"` // of other verbs
}

// StateDataset is a dataset in which a merge found conflicts. Zero ids are
// tables that are not there.
type StateDataset struct {
	Name      string    `cbor:"1,keyasint"`
	Base      object.ID `cbor:"2,keyasint"`
	Ours      object.ID `cbor:"3,keyasint"`
	Theirs    object.ID `cbor:"4,keyasint"`
	Conflicts object.ID `cbor:"5,keyasint"` // those that are left; zero for none
	Total     int64     `cbor:"6,keyasint"` // those that there were
}

// Objects returns every object that the state names, sorted, each once: what gc
// must keep, with all that they reach.
func (s *State) Objects() []object.ID {
	ids := slices.Concat(s.Theirs, s.Todo, s.Keep, []object.ID{s.Head})
	for _, e := range slices.Concat(s.Index, s.Staged) {
		ids = append(ids, e.Table)
	}
	for _, d := range s.Datasets {
		ids = append(ids, d.Base, d.Ours, d.Theirs, d.Conflicts)
	}
	ids = slices.DeleteFunc(ids, object.ID.IsZero)
	slices.SortFunc(ids, func(a, b object.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// Left returns the datasets that still have conflicts.
func (s *State) Left() []StateDataset {
	var left []StateDataset
	for _, d := range s.Datasets {
		if !d.Conflicts.IsZero() {
			left = append(left, d)
		}
	}
	return left
}

// Entries returns the datasets of a map as a State keeps them, in order of name.
func Entries(datasets map[string]object.ID) []Entry {
	entries := make([]Entry, 0, len(datasets))
	for _, name := range slices.Sorted(maps.Keys(datasets)) {
		entries = append(entries, Entry{Name: name, Table: datasets[name]})
	}
	return entries
}

// Datasets is the reverse of Entries.
func Datasets(entries []Entry) map[string]object.ID {
	datasets := make(map[string]object.ID, len(entries))
	for _, e := range entries {
		datasets[e.Name] = e.Table
	}
	return datasets
}

func (s *State) check() error {
	if s.Kind == "" || strings.ContainsFunc(s.Kind, func(r rune) bool { return r < 'a' && r != '-' || r > 'z' }) {
		return fmt.Errorf("bad kind %.40q", s.Kind)
	}
	for _, entries := range [][]Entry{s.Index, s.Staged} {
		if err := (&Tree{Entries: entries}).check(); err != nil {
			return err
		}
	}
	for i, d := range s.Datasets {
		if err := CheckDatasetName(d.Name); err != nil {
			return err
		}
		if i > 0 && s.Datasets[i-1].Name >= d.Name {
			return fmt.Errorf("dataset %q is out of order or repeated", d.Name)
		}
		if d.Total < 0 {
			return fmt.Errorf("dataset %q with %d conflicts", d.Name, d.Total)
		}
	}
	return checkMessage(s.Message)
}

// DecodeState returns the state of a record. Anything that SetState would not
// have written is object.ErrCorrupt.
func DecodeState(b []byte) (*State, error) {
	s := new(State)
	if err := object.UnmarshalRecord(b, s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: state: %v", object.ErrCorrupt, err)
	}
	return s, nil
}

// State returns the state of a kind of work, nil where there is none.
func (t *Tx) State(kind string) (*State, error) {
	v := t.meta.Get(bucketState, []byte(kind))
	if v == nil {
		return nil, nil
	}
	s, err := DecodeState(v)
	if err == nil && s.Kind != kind {
		err = fmt.Errorf("%w: it is of kind %q", object.ErrCorrupt, s.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("state of %s: %w", kind, err)
	}
	return s, nil
}

// States returns the states of all kinds of work, in order of kind.
func (t *Tx) States() ([]*State, error) {
	var kinds []string
	for k := range t.meta.Range(bucketState, nil) {
		kinds = append(kinds, string(k))
	}
	var all []*State
	for _, kind := range kinds {
		s, err := t.State(kind)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// SetState remembers s in the place of what was remembered of its kind.
func (t *Tx) SetState(s *State) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("remember the state of %s: %w", s.Kind, err)
	}
	return t.set(bucketState, s.Kind, object.MarshalRecord(s))
}

// ClearState forgets the state of a kind of work, if there is one.
func (t *Tx) ClearState(kind string) error { return t.set(bucketState, kind, nil) }

// stateOfHead returns the kind of unfinished work for which name is what git calls
// the commit that it brings in, or "".
func stateOfHead(name string) string {
	switch name {
	case "MERGE_HEAD":
		return StateMerge
	case "CHERRY_PICK_HEAD":
		return StateCherryPick
	case "REVERT_HEAD":
		return StateRevert
	}
	return ""
}

// broughtIn returns the first commit that the work of a kind brings in; zero
// where there is none.
func (t *Tx) broughtIn(kind string) (object.ID, error) {
	s, err := t.State(kind)
	if err != nil || s == nil || len(s.Theirs) == 0 {
		return object.ID{}, err
	}
	return s.Theirs[0], nil
}

// Unfinished returns the state of the merge, cherry-pick, revert or stash pop
// that has stopped, nil where none has. There is at most one.
func (t *Tx) Unfinished() (*State, error) {
	for _, kind := range []string{StateMerge, StateCherryPick, StateRevert, StateStash} {
		if s, err := t.State(kind); s != nil || err != nil {
			return s, err
		}
	}
	return nil, nil
}

// ClearUnfinished forgets what Unfinished returns.
func (t *Tx) ClearUnfinished() error {
	s, err := t.Unfinished()
	if err != nil || s == nil {
		return err
	}
	return t.ClearState(s.Kind)
}

// Unfinished is Tx.Unfinished in a transaction of its own.
func (r *Repo) Unfinished(ctx context.Context) (s *State, err error) {
	err = r.View(ctx, func(t *Tx) error { s, err = t.Unfinished(); return err })
	return s, err
}
