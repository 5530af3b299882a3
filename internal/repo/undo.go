package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// The conditions in which there is nothing to undo or redo, or no more.
var (
	// ErrNothingToUndo is returned when the operation log has no operation left
	// that could be taken back.
	ErrNothingToUndo = errors.New("there is nothing to undo")
	// ErrNothingToRedo is returned when the last operation was no undo.
	ErrNothingToRedo = errors.New("there is nothing to redo")
	// ErrOperationMoved is returned when another operation came between the plan
	// of an undo and its execution.
	ErrOperationMoved = errors.New("another command changed the repository meanwhile")
)

// UndoPlan is one step back, or with Redo one step forward again.
type UndoPlan struct {
	Op    Operation // what is taken back or done again
	Redo  bool
	Index map[string]object.ID // the datasets of the index afterwards
	Head  Head                 // where HEAD is afterwards

	last         uint64 // the end of the log when this was planned
	done, undone uint64 // of the record to be written
}

// PlanUndo returns what taking back the last operation means. The caller holds
// the lock if it goes on to Tx.Undo. ErrNothingToUndo means that the log ends here.
func (r *Repo) PlanUndo(ctx context.Context) (*UndoPlan, error) {
	return r.planStep(ctx, func(t *Tx, last *Operation) (p *UndoPlan, err error) {
		p = &UndoPlan{last: last.Seq, undone: last.Seq + 1}
		below, err := p.load(t, last.done, ErrNothingToUndo)
		if err == nil {
			p.done = below.done
		}
		return p, err
	})
}

// PlanRedo returns what doing the operation again means that the last undo took
// back. ErrNothingToRedo means that the last operation was neither undo nor redo,
// or that everything was redone.
func (r *Repo) PlanRedo(ctx context.Context) (*UndoPlan, error) {
	return r.planStep(ctx, func(t *Tx, last *Operation) (p *UndoPlan, err error) {
		p = &UndoPlan{Redo: true, last: last.Seq}
		undo, err := t.operationAt(last.undone)
		if err != nil {
			return p, err
		}
		if undo.Kind != OpUndo {
			return p, ErrNothingToRedo
		}
		p.done = undo.Target
		before, err := t.operationAt(undo.Seq - 1)
		if err != nil {
			return p, err
		}
		p.undone = before.undone
		_, err = p.load(t, undo.Target, ErrNothingToRedo)
		return p, err
	})
}

// load reads the operation that the plan is about and returns the record before
// it. absent is the error where there is none.
func (p *UndoPlan) load(t *Tx, seq uint64, absent error) (below *Operation, err error) {
	op, err := t.operationAt(seq)
	if err != nil {
		return nil, err
	}
	if op.Seq == 0 || op.Kind != OpDo {
		return nil, absent
	}
	p.Op = *op
	return t.operationAt(seq - 1)
}

func (r *Repo) planStep(ctx context.Context, plan func(*Tx, *Operation) (*UndoPlan, error)) (p *UndoPlan, err error) {
	err = r.View(ctx, func(t *Tx) error {
		last, err := t.lastOperation()
		if err != nil {
			return err
		}
		if p, err = plan(t, last); err != nil {
			return err
		}
		ix, err := t.Index()
		if err != nil {
			return err
		}
		p.Index = maps.Clone(ix.Datasets)
		for _, c := range p.Op.Datasets() {
			id := p.goal(OpChange{Old: c.Old[:], New: c.New[:]})
			if p.Index[c.Name] = object.ID(id); object.ID(id).IsZero() {
				delete(p.Index, c.Name)
			}
		}
		if p.Head, err = p.head(t); err != nil {
			return err
		}
		return p.check(t)
	})
	if err != nil {
		return nil, err
	}
	return p, r.published(ctx, p)
}

// Files returns what the working files are to be afterwards, and what they are now if
// nobody has changed them since; index is that of now.
func (p *UndoPlan) Files(index map[string]object.ID) (now, then map[string]object.ID) {
	now, then = maps.Clone(index), maps.Clone(p.Index)
	for _, c := range p.Op.Changes {
		if c.Bucket != placeWorktree {
			continue
		}
		name := strings.TrimPrefix(c.Key, prefixDataset)
		for _, side := range []struct {
			m map[string]object.ID
			v []byte
		}{{now, p.start(c)}, {then, p.goal(c)}} {
			if side.v == nil {
				delete(side.m, name)
			} else {
				side.m[name] = object.ID(side.v)
			}
		}
	}
	return now, then
}

// head returns where HEAD is afterwards.
func (p *UndoPlan) head(t *Tx) (h Head, err error) {
	after := func(name string) []byte {
		for _, c := range p.Op.Changes {
			if c.Bucket == bucketRefs && c.Key == name {
				return p.goal(c)
			}
		}
		return t.meta.Get(bucketRefs, []byte(name))
	}
	v := after(headName)
	if branch, ok := strings.CutPrefix(string(v), symbolicPrefix); ok {
		h.Branch = branch
		if v = after(branch); v == nil {
			return h, nil
		}
	}
	h.ID, err = parseRefID(v)
	return h, err
}

// goal returns the value that a change has afterwards, start the one before.
func (p *UndoPlan) goal(c OpChange) []byte {
	if p.Redo {
		return c.New
	}
	return c.Old
}

func (p *UndoPlan) start(c OpChange) []byte {
	if p.Redo {
		return c.Old
	}
	return c.New
}

// check sees that everything is as the operation left it.
func (p *UndoPlan) check(t *Tx) error {
	for _, c := range p.Op.Changes {
		if c.Bucket == placeWorktree {
			continue // whoever writes the files looks at them
		}
		have, want := t.meta.Get(c.Bucket, []byte(c.Key)), p.start(c)
		if (have == nil) != (want == nil) || !bytes.Equal(have, want) {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(c.Key, prefixDataset), ErrOperationMoved)
		}
	}
	return nil
}

// published sees that everything that will be named is there.
func (r *Repo) published(ctx context.Context, p *UndoPlan) (err error) {
	var ids []object.ID
	for _, c := range p.Op.Changes {
		if v := p.goal(c); v != nil {
			if err := loggedObjects(c.Bucket, c.Key, v, func(id object.ID) { ids = append(ids, id) }); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if id.IsZero() {
			continue
		}
		has, err := r.objects.Has(ctx, id)
		if err == nil && !has {
			err = object.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("read object %s: %w", id, err)
		}
	}
	return nil
}

// Undo takes the step p: refs, HEAD and state become what they were, and their
// logs say so. The index is the caller's, who makes p.Index its datasets and
// saves it in the same transaction. ErrOperationMoved means that the repository
// changed since p was made.
func (t *Tx) Undo(p *UndoPlan, by Signature) error {
	last, err := t.lastOperation()
	if err != nil {
		return err
	}
	if last.Seq != p.last {
		return ErrOperationMoved
	}
	if err := p.check(t); err != nil {
		return err
	}
	was, err := t.Head()
	if err != nil {
		return err
	}
	for _, c := range p.Op.Changes {
		if c.Bucket == bucketIndex || c.Bucket == placeWorktree {
			continue
		}
		if err := t.set(c.Bucket, c.Key, bytes.Clone(p.goal(c))); err != nil {
			return err
		}
	}
	if err := t.logUndo(p, was, by); err != nil {
		return err
	}
	t.draft.op = Operation{Kind: OpUndo, Target: p.Op.Seq, done: p.done, undone: p.undone, By: by, Note: p.Op.Note, Files: p.Op.Files}
	if p.Redo {
		t.draft.op.Kind = OpRedo
	}
	return nil
}

// logUndo writes the reflog entries of a step.
func (t *Tx) logUndo(p *UndoPlan, was Head, by Signature) error {
	word := "undo: "
	if p.Redo {
		word = "redo: "
	}
	message := word + p.Op.subject()
	moved, err := t.moveLogsBack(p)
	if err != nil {
		return err
	}
	for _, c := range p.Op.Changes {
		if c.Bucket != bucketRefs || c.Key == headName || pseudoRef(c.Key) || c.Key == stashRef {
			continue
		}
		e := ReflogEntry{By: by, Message: message}
		for _, v := range []struct {
			text []byte
			to   *object.ID
		}{{p.start(c), &e.Old}, {p.goal(c), &e.New}} {
			if v.text == nil {
				continue
			}
			id, err := parseRefID(v.text)
			if err != nil {
				return err
			}
			*v.to = id
		}
		if to, renamed := moved[c.Key]; renamed && to == "" {
			continue // its log is that of the other name now
		} else if renamed {
			e.Old = e.New
		}
		if err := t.addReflog(c.Key, e); err != nil {
			return err
		}
	}
	now, err := t.Head()
	if err != nil || now == was {
		return err
	}
	if now.Branch != was.Branch {
		to := now.Short()
		if now.Detached() {
			to = now.ID.String()
		}
		message = movingLog(was, to)
	}
	return t.addReflog(headName, ReflogEntry{Old: was.ID, New: now.ID, By: by, Message: message})
}

// moveLogsBack gives logs that went along with a renamed ref back, unless that
// ref took the place of another. It returns the refs that are renamed by it: for
// the new name the old one, for the old name "".
func (t *Tx) moveLogsBack(p *UndoPlan) (map[string]string, error) {
	moved := map[string]string{}
	for _, r := range slices.Backward(p.Op.Renames) {
		from, to := r[1], r[0]
		if p.Redo {
			from, to = to, from
		}
		replaced := slices.ContainsFunc(p.Op.Changes, func(c OpChange) bool {
			return c.Bucket == bucketRefs && c.Key == r[1] && c.Old != nil
		})
		if replaced {
			continue
		}
		if err := t.moveReflog(from, to); err != nil {
			return nil, err
		}
		moved[from], moved[to] = "", from
	}
	return moved, nil
}

// subject is how logs name the operation.
func (o *Operation) subject() string {
	if o.Note != "" {
		return o.Note
	}
	return strings.TrimPrefix(o.Command, "strata ")
}
