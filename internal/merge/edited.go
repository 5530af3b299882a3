package merge

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Edited takes those conflicts for settled whose cell, sample, column or
// dataset in now is not as the merge left it: somebody edited the file and
// added it again. The result's table is now. Cost: what differs between both.
func Edited(ctx context.Context, w store.Writer, u Unmerged, now *table.Table) (*Resolved, error) {
	out := &Resolved{Table: now, Deleted: now == nil, Conflicts: u.Conflicts}
	if now == nil || u.Merged == nil {
		if now != u.Merged {
			out.Conflicts = nil
		}
		return out, nil
	}
	if slices.Compare(now.Schema.Key, u.Merged.Schema.Key) != 0 {
		return out, nil // samples cannot be told by their keys
	}
	e := &editedJoin{u: u, now: now, gone: map[string]int64{}}
	next, stop := iter.Pull2(Conflicts(ctx, u.Conflicts))
	defer stop()
	e.next = next
	if err := e.advance(); err != nil {
		return nil, err
	}
	if err := e.schema(); err != nil {
		return nil, err
	}
	for d, err := range table.Compare(ctx, u.Merged, now, nil) {
		if err != nil {
			return nil, fmt.Errorf("compare with the merged samples: %w", err)
		}
		for i := range d.Changes {
			if err := e.change(d, &d.Changes[i]); err != nil {
				return nil, err
			}
		}
	}
	if err := e.rest(); err != nil {
		return nil, err
	}
	var err error
	if out.Conflicts, err = without(ctx, w, u.Conflicts, e.done); err != nil {
		return nil, fmt.Errorf("write conflicts: %w", err)
	}
	m := &merging{in: u.Input, schema: now.Schema}
	out.Settled = m.counts(e.gone)
	return out, nil
}

// editedJoin joins conflicts and changes by key.
type editedJoin struct {
	u    Unmerged
	now  *table.Table
	next func() (*Conflict, error, bool)
	at   *Conflict // nil behind the last
	done [][]byte
	gone map[string]int64
}

func (e *editedJoin) advance() error {
	c, err, ok := e.next()
	if !ok {
		c = nil
	}
	if err != nil {
		return fmt.Errorf("read conflicts: %w", err)
	}
	e.at = c
	return nil
}

// settled counts the conflict at hand.
func (e *editedJoin) settled() {
	e.done = append(e.done, conflictKey(e.at))
	e.gone[e.at.Column]++
}

// schema settles the conflicts about the dataset and its columns.
func (e *editedJoin) schema() error {
	for e.at != nil && len(e.at.Key) == 0 {
		same := e.now.Root.ID == e.u.Merged.Root.ID
		if !e.at.IsDataset() {
			was, is := fieldOf(e.u.Merged.Schema, e.at.Column), fieldOf(e.now.Schema, e.at.Column)
			same = was == is || was != nil && is != nil && was.Name == is.Name && was.Merge == is.Merge && was.Type.Equal(is.Type)
		}
		if !same {
			e.settled()
		}
		if err := e.advance(); err != nil {
			return err
		}
	}
	return nil
}

// dropped reports whether the column of the conflict at hand is gone.
func (e *editedJoin) dropped() bool {
	return e.at.Column != "" && e.now.Schema.Index(e.at.Column) < 0
}

// upto goes behind all conflicts with lower keys, which nobody edited.
func (e *editedJoin) upto(key []byte) error {
	for e.at != nil && (key == nil || bytes.Compare(e.at.Key, key) < 0) {
		if e.dropped() {
			e.settled()
		}
		if err := e.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (e *editedJoin) rest() error { return e.upto(nil) }

// change settles the conflicts of a sample that was edited.
func (e *editedJoin) change(d *table.Delta, c *table.Change) error {
	if err := e.upto(c.Key); err != nil {
		return err
	}
	for e.at != nil && bytes.Equal(e.at.Key, c.Key) {
		edited := c.Op != table.Modified || e.at.Column == "" || e.dropped() ||
			slices.ContainsFunc(c.Columns, func(i int) bool { return d.Columns[i] == e.at.Column })
		if edited {
			e.settled()
		}
		if err := e.advance(); err != nil {
			return err
		}
	}
	return nil
}
