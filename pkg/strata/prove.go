package strata

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/proof"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/sshsig"
)

// ProveOptions of Repo.Prove.
type ProveOptions struct {
	Address  string   // [REV:]DATASET/KEY
	Revision string   // "" is HEAD; not with REV in the address
	Columns  []string // display names of those to show; none means all
}

// ProveResult is strata.prove/1.
type ProveResult struct {
	Schema string `json:"schema"`
	Proven
	Objects int    `json:"objects"` // in the proof
	Payload int    `json:"payload"` // bytes before compression
	Bytes   int    `json:"bytes"`   // of the proof
	Path    string `json:"path"`    // for the caller to say where it went
	Proof   []byte `json:"-"`       // the file
}

// Proven is what a proof shows.
type Proven struct {
	Commit  CommitInfo `json:"commit"`
	Dataset string     `json:"dataset"`
	Key     string     `json:"key"`
	Present bool       `json:"present"`
	// Reason of absence: "no dataset", where the commit has no dataset of this
	// name, or "no sample".
	Reason string     `json:"reason,omitempty"`
	Table  ID         `json:"table"` // empty without a dataset
	Rows   int64      `json:"rows"`  // samples of the dataset
	Cells  []CellView `json:"cells"` // the columns that are shown
}

// VerifyProofOptions say what a proof is meant to show. The zero value asks for
// nothing but that it shows something.
type VerifyProofOptions struct {
	Commit ID    // the commit that is trusted; zero leaves comparing to the caller
	Want   *bool // the sample has to be present, or absent
	// Signers is a file of allowed signers (ssh-keygen(1)): the commit has to bear
	// a good signature by one of them. Checking needs Programs.
	Signers  string
	Programs *Programs
}

// ProofResult is strata.verify-proof/1.
type ProofResult struct {
	Schema string `json:"schema"`
	// Holds says whether the proof shows what was asked for; Failed why not.
	Holds  bool   `json:"holds"`
	Failed string `json:"failed,omitempty"`
	// Compared says whether the commit was compared with one that the caller
	// trusts. Without, whoever reads this has to do so.
	Compared bool `json:"compared"`
	// Signature is what that of the commit is worth, with Signers.
	Signature *Signature `json:"signature,omitempty"`
	Proven
}

// Conditions of proofs.
var (
	// ErrProofMalformed is in the chain of every error about a file that proves
	// nothing.
	ErrProofMalformed = proof.ErrMalformed
	// ErrProofTooLarge is returned for a proof larger than its format allows.
	ErrProofTooLarge = proof.ErrTooLarge
	// ErrProofKey is returned for text that cannot be a key of the dataset.
	ErrProofKey = proof.ErrKey
)

// Prove returns the proof that a sample is, or is not, in a commit
// (docs/format/proof.md). The dataset has to be one of the commit, or of HEAD or
// the index, so that a slip of the pen proves nothing.
func (r *Repo) Prove(ctx context.Context, o ProveOptions) (*ProveResult, error) {
	q, err := r.question(ctx, o)
	if err != nil {
		return nil, err
	}
	p, a, err := proof.Make(ctx, r.r.Objects(), q)
	if c := (*proof.ColumnError)(nil); errors.As(err, &c) {
		return nil, notFound("column", c.Column, c.Dataset, c.Known)
	}
	if err != nil {
		return nil, err
	}
	res := &ProveResult{Schema: "strata.prove/1", Proven: proven(a), Objects: len(p.Objects), Payload: p.Size()}
	if res.Proof, err = p.Encode(); err != nil {
		return nil, err
	}
	res.Bytes = len(res.Proof)
	return res, nil
}

// question finds out what an address asks for.
func (r *Repo) question(ctx context.Context, o ProveOptions) (proof.Question, error) {
	q := proof.Question{Columns: o.Columns}
	now, err := r.namesNow(ctx)
	if err != nil {
		return q, err
	}
	a, err := repo.ParseAddress(o.Address, now)
	if err != nil {
		return q, err
	}
	rev := o.Revision
	switch {
	case a.HasRev && (rev != "" || a.Rev == ""):
		return q, &OptionError{Option: "address", Value: o.Address, Reason: "a proof is about one commit"}
	case a.HasRev:
		rev = a.Rev
	case rev == "":
		rev = "HEAD"
	}
	if q.Commit, err = r.r.Resolve(ctx, rev); err != nil {
		return q, err
	}
	tree, err := r.r.CommitTree(ctx, q.Commit)
	if err != nil {
		return q, err
	}
	for _, names := range [][]string{tree.Names(), now} {
		switch found := a.Match(names); {
		case len(found) > 1:
			return q, &OptionError{Option: "address", Value: o.Address, Reason: "means several datasets"}
		case len(found) == 1 && found[0].Key == "":
			return q, &OptionError{Option: "address", Value: o.Address, Reason: "names no sample: write DATASET/KEY"}
		case len(found) == 1:
			q.Dataset, q.Key = found[0].Dataset, found[0].Key
			return q, nil
		}
	}
	return q, r.plainQuestion(ctx, tree, a.Path, &q)
}

// plainQuestion asks for the plain file at path, if the tree has it.
func (r *Repo) plainQuestion(ctx context.Context, tree *repo.Tree, path string, q *proof.Question) error {
	missing := notFound("dataset", path, q.Commit.Short(), tree.Names())
	id, ok := tree.Table(filesTable)
	if !ok || path == "" {
		return missing
	}
	t, err := r.loadTable(ctx, id)
	if err != nil {
		return err
	}
	switch _, found, err := plainContent(ctx, t, path); {
	case err != nil:
		return err
	case !found:
		return missing
	}
	q.Dataset, q.Key = filesTable, path
	return nil
}

// proven returns what an answer says, as documents say it.
func proven(a *proof.Answer) Proven {
	p := Proven{Commit: commitInfo(&repo.CommitInfo{ID: a.Question.Commit, Commit: a.Info}), Dataset: a.Dataset, Key: a.Key,
		Present: a.Present, Table: a.Table, Rows: a.Rows, Cells: []CellView{}}
	switch {
	case a.Present:
		p.Cells = viewCells(a.Row)
	case a.Schema == nil:
		p.Reason = "no dataset"
	default:
		p.Reason = "no sample"
	}
	return p
}

// VerifyProof checks the file b, without a repository. A file that proves
// nothing is ErrProofMalformed, one of a newer version ErrUnsupported. A proof of
// something else than was asked for is a result that does not hold.
func VerifyProof(ctx context.Context, b []byte, o VerifyProofOptions) (*ProofResult, error) {
	p, err := proof.Decode(b)
	if err != nil {
		return nil, err
	}
	a, err := p.Verify(ctx)
	if err != nil {
		return nil, err
	}
	res := &ProofResult{Schema: "strata.verify-proof/1", Holds: true, Compared: !o.Commit.IsZero(), Proven: proven(a)}
	fail := func(format string, args ...any) {
		res.Holds, res.Failed = false, fmt.Sprintf(format, args...)
	}
	if o.Signers != "" {
		if res.Signature, err = o.signature(ctx, a.Info); err != nil {
			return nil, err
		}
	}
	switch {
	case res.Signature != nil && res.Signature.Status != SignatureGood:
		fail("the commit bears no good signature: %s", res.Signature)
	case res.Compared && o.Commit != p.Commit:
		fail("the proof is about commit %s, not %s", p.Commit, o.Commit)
	case o.Want != nil && *o.Want && !a.Present:
		fail("the sample is not in the commit")
	case o.Want != nil && !*o.Want && a.Present:
		fail("the sample is in the commit")
	}
	return res, nil
}

// signature says what the signature of the commit is worth.
func (o *VerifyProofOptions) signature(ctx context.Context, c *repo.Commit) (*Signature, error) {
	if c.Signature() == "" {
		return &Signature{Status: SignatureNone}, nil
	}
	if o.Programs == nil {
		return nil, ErrNoPrograms
	}
	t := &sshsig.Tool{Environ: o.Programs.Environ, Dir: o.Programs.Dir, Signers: o.Signers}
	return verifySigned(ctx, t, c, c.Committer.Time())
}
