package fsck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/vfs"
)

// Lost is one line of the file of losses.
type Lost struct {
	// What was lost: samples, cells, dataset, file, commit, ref, reflog, index,
	// state, operations, known, or object, which is damage that stays.
	What        string      `json:"what"`
	Branch      string      `json:"branch,omitempty"`
	Dataset     string      `json:"dataset,omitempty"`
	Column      string      `json:"column,omitempty"`
	File        string      `json:"file,omitempty"`
	Keys        *Keys       `json:"keys,omitempty"`
	Samples     int64       `json:"samples,omitempty"` // how many; for cells, of how many samples
	Name        string      `json:"name,omitempty"`    // of an entry of meta.db
	Value       string      `json:"value,omitempty"`   // what it was, hexadecimal, or an id
	Now         string      `json:"now,omitempty"`     // what it is now
	Finding     string      `json:"finding,omitempty"`
	Object      object.ID   `json:"object,omitzero"`
	CommitCount int         `json:"commit_count,omitempty"`
	Commits     []object.ID `json:"commits,omitempty"`
	Refs        []string    `json:"refs,omitempty"`
	Detail      string      `json:"detail,omitempty"`
}

func (x *repairer) lose(l Lost) { x.losses = append(x.losses, l) }

// writeDown writes the file of losses, and which damage stays.
func (x *repairer) writeDown() error {
	var keys []string
	report := x.c.report() // also puts the problems in order
	known := map[string]bool{}
	for _, p := range x.c.problems {
		key := p.key()
		if p.Known {
			keys = append(keys, key)
			continue
		}
		if p.Severity != Error || key == "" || known[key] {
			continue
		}
		known[key] = true
		keys = append(keys, key)
		x.lose(Lost{What: "object", Dataset: p.Dataset, Column: p.Column, File: p.File, Keys: p.Keys, Name: p.Name, Finding: p.ID,
			Object: p.Object, CommitCount: p.CommitCount, Commits: p.Commits, Refs: p.Refs, Detail: p.Detail})
	}
	if err := x.writeLosses(); err != nil {
		return err
	}
	if n := len(known); n > 0 {
		x.act("%d damaged places stay and are written down as known", n)
	}
	if len(keys) == 0 && len(x.c.facts.Known) == 0 {
		return nil
	}
	_ = report
	return x.r.Repair(x.ctx, func(r *repo.Rescue) error { return r.SetKnown(keys) })
}

// writeLosses appends the losses that are not there yet to their file. It is
// called before the step that makes them final, so that an interrupted repair
// has written too much rather than too little.
func (x *repairer) writeLosses() error {
	if len(x.losses) == x.written {
		return nil
	}
	path := x.o.Lost
	if path == "" {
		path = filepath.Join(x.r.Layout().Dir, "fsck-lost-"+x.r.Now().UTC().Format("2006-01-02")+".jsonl")
	}
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	buf := bytes.NewBuffer(old)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for i := x.written; i < len(x.losses); i++ {
		if err := enc.Encode(&x.losses[i]); err != nil {
			return fmt.Errorf("write what was lost: %w", err)
		}
	}
	if err := vfs.WriteFileAtomic(vfs.OS{}, path, buf.Bytes(), 0o666); err != nil {
		return fmt.Errorf("write what was lost: %w", err)
	}
	x.done.LostFile, x.written = path, len(x.losses)
	return nil
}
