// Package proof shows that a sample is, or is not, in a commit to someone who
// has the commit's id alone.
//
// A Proof is a question and the objects that answering it reads: commit, tree,
// table, schema, nodes, leaf, pages. The one invariant: whoever checks a proof
// names its objects by their own hashes and looks the sample up again, from the
// commit id down; what comes out is what those objects say, never what the file
// claims. So for one commit and one key there is one answer that can be proven.
//
// The layout, what a proof means, what it cannot rule out and what it gives away
// are in docs/format/proof.md. Start reading at look, then Make and Verify.
package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Question asks for one sample of one commit.
type Question struct {
	Commit  object.ID
	Dataset string
	Key     string   // as in an address, train/KEY
	Columns []string // display names; none means all that are not hidden
}

// Proof is a question with the objects that answer it, in the order in which
// the look-up reads them first.
type Proof struct {
	Question
	Objects [][]byte
}

// Answer is what the look-up found.
type Answer struct {
	Question
	Info    *repo.Commit
	Table   object.ID      // zero where the commit has no such dataset
	Rows    int64          // samples of the dataset
	Schema  *column.Schema // nil where the commit has no such dataset
	Present bool
	Row     *column.Batch // one row of the columns asked for; nil where absent
}

// The conditions that callers act on.
var (
	// ErrMalformed is in the chain of every error about a file that proves
	// nothing: damaged, incomplete, or more than was needed.
	ErrMalformed = errors.New("not a proof")
	// ErrKey is returned for a key that the dataset's key columns cannot hold.
	ErrKey = errors.New("the key does not fit the key columns")
	// ErrTooLarge is returned for a proof that no reader would take.
	ErrTooLarge = errors.New("the proof is larger than its format allows")
)

// ColumnError is a column that the dataset does not have.
type ColumnError struct {
	Column, Dataset string
	Known           []string
}

func (e *ColumnError) Error() string {
	return fmt.Sprintf("no column %s in %s", e.Column, e.Dataset)
}

// Make answers q from r and returns the answer with its proof. That the sample
// is absent is an answer, not an error; a commit or object that is absent is
// object.ErrNotFound, a key of the wrong form ErrKey, an unknown column a
// *ColumnError.
func Make(ctx context.Context, r store.Reader, q Question) (*Proof, *Answer, error) {
	rec := &recorder{r: r, seen: map[object.ID]bool{}}
	a, err := look(ctx, rec, q)
	if errors.Is(err, table.ErrLarge) {
		err = fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if err != nil {
		return nil, nil, err
	}
	return &Proof{Question: q, Objects: rec.objects}, a, nil
}

// Verify answers the question of p from its objects alone. Any error is
// ErrMalformed but those of ctx and of objects that a newer program wrote
// (object.ErrUnsupported).
func (p *Proof) Verify(ctx context.Context) (*Answer, error) {
	rep := newReplayer(p.Objects)
	a, err := look(ctx, rep, p.Question)
	switch {
	case err == nil:
		err = rep.done()
	case errors.Is(err, object.ErrUnsupported), ctx.Err() != nil:
		return nil, err
	default:
		err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// recorder remembers what is read.
type recorder struct {
	r       store.Reader
	seen    map[object.ID]bool
	objects [][]byte
}

func (r *recorder) Get(ctx context.Context, id object.ID) ([]byte, error) {
	b, err := r.r.Get(ctx, id)
	if err == nil && !r.seen[id] {
		r.seen[id] = true
		r.objects = append(r.objects, b)
	}
	return b, err
}

func (r *recorder) Has(ctx context.Context, id object.ID) (bool, error) { return r.r.Has(ctx, id) }

// replayer gives out objects by the hashes of their bytes, and sees that each
// is wanted in its turn.
type replayer struct {
	objects [][]byte
	ids     []object.ID
	at      map[object.ID]int
	next    int // objects before it have been read
}

func newReplayer(objects [][]byte) *replayer {
	r := &replayer{objects: objects, at: make(map[object.ID]int, len(objects))}
	for i, b := range objects {
		id := object.Sum(b)
		r.ids = append(r.ids, id)
		if _, twice := r.at[id]; !twice {
			r.at[id] = i
		}
	}
	return r
}

func (r *replayer) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	i, ok := r.at[id]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: %s is not among the %d objects of the proof", object.ErrNotFound, id, len(r.objects))
	case i > r.next:
		return nil, fmt.Errorf("object %d (%s) stands where %s should", r.next, r.ids[r.next].Short(), id.Short())
	case i == r.next:
		r.next++
	}
	return r.objects[i], nil
}

func (r *replayer) Has(_ context.Context, id object.ID) (bool, error) {
	_, ok := r.at[id]
	return ok, nil
}

// done reports objects that nothing asked for.
func (r *replayer) done() error {
	if r.next < len(r.objects) {
		return fmt.Errorf("%w: %d objects too many, the first is %s", ErrMalformed, len(r.objects)-r.next, r.ids[r.next].Short())
	}
	return nil
}
