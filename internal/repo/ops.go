package repo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

const (
	bucketOps = "ops"
	// placeWorktree stands for a bucket in operations and is none: what the
	// working files were read into, where that is not what the index has.
	placeWorktree = "worktree"
)

// OpKind says what an operation is to the order of undo.
type OpKind uint8

// The kinds of operations.
const (
	OpDo   OpKind = iota // a command changed something
	OpUndo               // Target was taken back
	OpRedo               // Target was done again
)

// Operation is one record of the operation log (docs/format/ops.md): what one
// command changed of refs, HEAD, index and state. Together the records lead
// from any earlier state to the present one and back.
type Operation struct {
	Seq     uint64 // from 1; grows
	Kind    OpKind
	Files   bool   // working files were written or deleted along with it
	Target  uint64 // of an undo or redo: the operation taken back or done again
	By      Signature
	Command string // the words of the command, without arguments
	Note    string // the first message that it wrote to a reflog
	Renames [][2]string
	Changes []OpChange // by bucket and key
	Undone  bool       // it was taken back and not done again; set by Operations

	done, undone uint64
}

// OpChange is one value of meta.db that an operation changed; nil stands for
// one that is not there.
type OpChange struct {
	Bucket, Key string
	Old, New    []byte
}

// RefMove is the change of a ref by an operation. The values are 64 hex digits,
// for a HEAD that names a branch "ref: " and its full name, "" for none.
type RefMove struct{ Name, Old, New string }

// Refs returns the refs that o changed, HEAD and ORIG_HEAD among them, in order
// of name.
func (o *Operation) Refs() []RefMove {
	var out []RefMove
	for _, c := range o.Changes {
		if c.Bucket == bucketRefs {
			out = append(out, RefMove{c.Key, string(c.Old), string(c.New)})
		}
	}
	return out
}

// Datasets returns the entries of the index that o changed, in order of name.
func (o *Operation) Datasets() []TreeChange {
	var out []TreeChange
	for _, c := range o.Changes {
		if c.Bucket != bucketIndex {
			continue
		}
		d := TreeChange{Name: strings.TrimPrefix(c.Key, prefixDataset)}
		copy(d.Old[:], c.Old)
		copy(d.New[:], c.New)
		out = append(out, d)
	}
	return out
}

// objects adds the ids that o names.
func (o *Operation) objects(add func(object.ID)) error {
	for _, c := range o.Changes {
		for _, v := range [][]byte{c.Old, c.New} {
			if v == nil {
				continue
			}
			if err := loggedObjects(c.Bucket, c.Key, v, add); err != nil {
				return fmt.Errorf("operation %d, %s of %s: %w", o.Seq, c.Key, c.Bucket, err)
			}
		}
	}
	return nil
}

// loggedObjects adds the ids in a value of one of the buckets that are logged.
func loggedObjects(bucket, key string, v []byte, add func(object.ID)) error {
	switch bucket {
	case bucketRefs:
		if strings.HasPrefix(string(v), symbolicPrefix) {
			return nil
		}
		id, err := parseRefID(v)
		add(id)
		return err
	case bucketIndex, placeWorktree:
		if len(v) != object.Size {
			return fmt.Errorf("%w: id of %d bytes", object.ErrCorrupt, len(v))
		}
		add(object.ID(v))
	case bucketReflog:
		e, err := decodeReflog(v)
		add(e.Old)
		add(e.New)
		return err
	case bucketState:
		s, err := DecodeState(v)
		if err != nil {
			return err
		}
		for _, id := range s.Objects() {
			add(id)
		}
	}
	return nil
}

// logged reports whether changes of a key of a bucket are part of operations.
func logged(bucket, key string) bool {
	switch bucket {
	case bucketRefs, bucketState:
		return true
	case bucketIndex, placeWorktree:
		return strings.HasPrefix(key, prefixDataset)
	case bucketReflog:
		return strings.HasPrefix(key, stashRef+"\x00")
	case bucketReflogLast:
		return key == stashRef
	}
	return false
}

// draft is what a transaction has changed so far of what operations log.
type draft struct {
	op      Operation
	changes map[[2]string]*OpChange
}

func newDraft() *draft { return &draft{changes: map[[2]string]*OpChange{}} }

// set puts a value, or deletes it where value is nil, and notes the change for
// the operation log. Everything that undo takes back is written through it.
func (t *Tx) set(bucket, key string, value []byte) error {
	if t.draft != nil && logged(bucket, key) {
		at := [2]string{bucket, key}
		c := t.draft.changes[at]
		if c == nil {
			c = &OpChange{Bucket: bucket, Key: key, Old: t.meta.Get(bucket, []byte(key))}
			t.draft.changes[at] = c
		}
		c.New = value
	}
	return t.putOrDelete(bucket, key, value)
}

// note keeps the first message to a reflog and who wrote it.
func (t *Tx) note(by Signature, message string) {
	if t.draft == nil || t.draft.op.Note != "" {
		return
	}
	t.draft.op.Note = oneLine(message)
	if t.draft.op.By.Name == "" {
		t.draft.op.By = by
	}
}

// renamed notes that a ref got another name and took its log along.
func (t *Tx) renamed(old, new string) {
	if t.draft != nil {
		t.draft.op.Renames = append(t.draft.op.Renames, [2]string{old, new})
	}
}

// WroteFiles notes that working files were written along with the changes of
// this transaction, so that undoing them writes the files again.
func (t *Tx) WroteFiles() {
	if t.draft != nil {
		t.draft.op.Files = true
	}
}

// FilesWere notes what the working files of the datasets named were before this
// transaction and are after it, for verbs in which that is not what the index has.
// Names that are in neither map had no files.
func (t *Tx) FilesWere(names []string, before, after map[string]object.ID) {
	if t.draft == nil {
		return
	}
	for _, name := range names {
		c := &OpChange{Bucket: placeWorktree, Key: prefixDataset + name}
		if id := before[name]; !id.IsZero() {
			c.Old = bytes.Clone(id[:])
		}
		if id := after[name]; !id.IsZero() {
			c.New = bytes.Clone(id[:])
		}
		t.draft.changes[[2]string{c.Bucket, c.Key}] = c
	}
	t.draft.op.Files = true
}

// operationKey is the key of the running operation in a context.
type operationKey struct{}

// running is a command whose transactions are one operation.
type running struct {
	mu  sync.Mutex
	seq uint64 // of its record; 0 before the first change
}

// WithOperation returns a context in which all Updates make one operation, as
// long as no one else's come in between; a context that has one already stays.
// Without it each Update is an operation.
func WithOperation(ctx context.Context) context.Context {
	if ctx.Value(operationKey{}) != nil {
		return ctx
	}
	return context.WithValue(ctx, operationKey{}, new(running))
}

// Update runs fn in a transaction that may write, and logs what it changed as
// an operation. If fn returns an error nothing is changed.
func (r *Repo) Update(ctx context.Context, fn func(*Tx) error) error {
	run, _ := ctx.Value(operationKey{}).(*running)
	if run == nil {
		run = new(running)
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	seq := run.seq
	err := r.meta.Update(ctx, func(m meta.Tx) (err error) {
		t := &Tx{meta: m, draft: newDraft()}
		if err := fn(t); err != nil {
			return err
		}
		seq, err = r.logOperation(t, run.seq)
		return err
	})
	if err == nil {
		run.seq = seq
	}
	return err
}

// logOperation writes the record of a transaction, into that of the operation
// seq if it is the last. It returns the sequence of the record.
func (r *Repo) logOperation(t *Tx, seq uint64) (uint64, error) {
	d := t.draft
	last, err := t.lastOperation()
	if err != nil {
		return seq, err
	}
	joins := last.Seq != 0 && last.Seq == seq && last.Kind == OpDo && d.op.Kind == OpDo
	if joins {
		d.join(last)
	}
	if !d.finish() {
		if !joins {
			return seq, nil
		}
		return 0, t.meta.Delete(bucketOps, opKey(seq)) // it took back what it had done
	}
	o := &d.op
	if o.Seq = last.Seq; !joins {
		o.Seq++
	}
	if o.Kind == OpDo {
		o.done = o.Seq
	}
	if o.Command == "" {
		o.Command = r.opt.Command
	}
	if o.By.Name == "" {
		o.By = r.anyone()
	}
	return o.Seq, t.meta.Put(bucketOps, opKey(o.Seq), appendOperation(nil, o))
}

// anyone returns who the user is as far as it is known.
func (r *Repo) anyone() Signature {
	for _, role := range []Role{RoleCommitter, RoleAuthor} {
		if by, err := r.Identity(role); err == nil {
			return by
		}
	}
	return NewSignature("", "", r.Now())
}

// join puts what the operation o did before in front of the changes of d.
func (d *draft) join(o *Operation) {
	d.joinFiles(o)
	for _, c := range o.Changes {
		at := [2]string{c.Bucket, c.Key}
		if later := d.changes[at]; later != nil {
			later.Old = c.Old
		} else {
			d.changes[at] = &c
		}
	}
	d.op.Files = d.op.Files || o.Files
	d.op.Renames = append(slices.Clone(o.Renames), d.op.Renames...)
	d.op.Command = o.Command
	if o.Note != "" {
		d.op.Note, d.op.By = o.Note, o.By
	}
	if d.op.By.Name == "" {
		d.op.By = o.By
	}
}

// joinFiles makes what is noted of working files hold for both parts: where only one
// of them noted it, the files of the other were as its index has them.
func (d *draft) joinFiles(o *Operation) {
	noted := map[string]bool{}
	for _, c := range o.Changes {
		if c.Bucket == placeWorktree {
			noted[c.Key] = true
			if later := d.changes[[2]string{bucketIndex, c.Key}]; later != nil && d.op.Files && d.changes[[2]string{placeWorktree, c.Key}] == nil {
				d.changes[[2]string{placeWorktree, c.Key}] = &OpChange{Bucket: placeWorktree, Key: c.Key, New: later.New}
			}
		}
	}
	for _, c := range o.Changes {
		if c.Bucket == bucketIndex && o.Files && !noted[c.Key] {
			if later := d.changes[[2]string{placeWorktree, c.Key}]; later != nil {
				later.Old = c.Old
			}
		}
	}
}

// finish sorts the changes and leaves out what is as it was. It reports whether
// anything changed.
func (d *draft) finish() (changed bool) {
	for _, at := range slices.SortedFunc(maps.Keys(d.changes), compareChangeKeys) {
		c := d.changes[at]
		differs := (c.Old == nil) != (c.New == nil) || !bytes.Equal(c.Old, c.New)
		if differs || c.Bucket == placeWorktree {
			d.op.Changes = append(d.op.Changes, *c)
		}
		changed = changed || differs
	}
	return changed
}

func compareChangeKeys(a, b [2]string) int {
	if c := strings.Compare(a[0], b[0]); c != 0 {
		return c
	}
	return strings.Compare(a[1], b[1])
}

func opKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// lastOperation returns the last record; its sequence is 0 where there is none.
func (t *Tx) lastOperation() (*Operation, error) {
	k, v := t.meta.Last(bucketOps)
	if k == nil {
		return &Operation{}, nil
	}
	return openOperation(k, v)
}

// operationAt returns the record seq; its sequence is 0 where there is none.
func (t *Tx) operationAt(seq uint64) (*Operation, error) {
	v := t.meta.Get(bucketOps, opKey(seq))
	if v == nil {
		return &Operation{}, nil
	}
	return openOperation(opKey(seq), v)
}

// Operations returns the operation log, newest first.
func (t *Tx) Operations() ([]Operation, error) {
	var out []Operation
	at := map[uint64]int{}
	for k, v := range t.meta.Range(bucketOps, nil) {
		o, err := openOperation(k, v)
		if err != nil {
			return nil, err
		}
		o.Undone = o.Kind == OpDo
		at[o.Seq] = len(out)
		out = append(out, *o)
	}
	if len(out) > 0 {
		next := out[len(out)-1].done
		for i, ok := at[next]; ok; i, ok = at[next] { // what undo would take back, one after the other
			out[i].Undone = false
			if next = 0; i > 0 {
				next = out[i-1].done
			}
		}
	}
	slices.Reverse(out)
	return out, nil
}

// Operations returns the operation log, newest first.
func (r *Repo) Operations(ctx context.Context) (log []Operation, err error) {
	err = r.View(ctx, func(t *Tx) error { log, err = t.Operations(); return err })
	return log, err
}

// OperationObjects returns the ids that the operation log names, in its order;
// gc keeps them.
func (t *Tx) OperationObjects() ([]object.ID, error) {
	seen := map[object.ID]bool{{}: true}
	var out []object.ID
	for k, v := range t.meta.Range(bucketOps, nil) {
		o, err := openOperation(k, v)
		if err != nil {
			return nil, err
		}
		err = o.objects(func(id object.ID) {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
