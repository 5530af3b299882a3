package strata

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/repo"
)

// CommitOptions of Repo.Commit.
type CommitOptions struct {
	Message string
	// Edited says that the message comes from an editor, so that its lines that
	// begin with # are comments.
	Edited            bool
	Trailers          []string // "key: value" or "key=value", put at the end
	All               bool     // first add what is tracked and has changed (-a)
	Amend             bool     // replace the last commit; an empty Message keeps its message
	AllowEmpty        bool
	AllowEmptyMessage bool
	Author            string // "Name <email>"; "" is the user, or with Amend the old author
	Date              string // of the author, see ParseDate; "" is STRATA_AUTHOR_DATE or now
	DryRun            bool
	NoVerify          bool // do not run the hooks that may stop it
	SignOptions

	preCommit bool // the hook of that name has run
	checked   ID   // tree of the index that hooks have seen
}

// CommitResult is strata.commit/1.
type CommitResult struct {
	Schema   string          `json:"schema"`
	DryRun   bool            `json:"dry_run"`
	Branch   string          `json:"branch"` // "" when detached
	Root     bool            `json:"root"`   // it has no parent
	Commit   CommitInfo      `json:"commit"`
	Datasets []DatasetChange `json:"datasets"` // against the first parent
}

// Person is who made something, and when.
type Person struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Time  time.Time `json:"time"`
}

// CommitInfo is one commit without its data.
type CommitInfo struct {
	ID        ID       `json:"id"`
	Tree      ID       `json:"tree"`
	Parents   []ID     `json:"parents"`
	Author    Person   `json:"author"`
	Committer Person   `json:"committer"`
	Subject   string   `json:"subject"`
	Message   string   `json:"message"`
	Refs      []string `json:"refs"` // short names; tags as "tag: NAME"
}

func person(s repo.Signature) Person { return Person{s.Name, s.Email, s.Time()} }

func commitInfo(c *repo.CommitInfo) CommitInfo {
	info := CommitInfo{ID: c.ID, Tree: c.Tree, Parents: c.Parents, Author: person(c.Author), Committer: person(c.Committer),
		Subject: c.Subject(), Message: c.Message, Refs: []string{}}
	if info.Parents == nil {
		info.Parents = []ID{}
	}
	return info
}

// Commit makes a commit of what is staged and moves the branch. Errors are
// those of the repository: nothing to commit, an empty message, no identity, a
// branch that was moved meanwhile.
func (r *Repo) Commit(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	ctx = repo.WithOperation(ctx) // with All one operation, not two
	if o.All {
		if _, err := r.Add(ctx, AddOptions{Dir: r.Root(), Update: true, DryRun: o.DryRun}); err != nil {
			return nil, err
		}
	}
	if err := r.beforeCommit(ctx, &o); err != nil {
		return nil, err
	}
	res, err := r.lockAndCommit(ctx, o)
	if err == nil {
		r.afterCommit(ctx, res)
	}
	return res, err
}

func (r *Repo) lockAndCommit(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return r.commit(ctx, o)
}

// commit is Commit for the holder of the lock, who has added what is to be added.
// Work that has stopped ends with it.
func (r *Repo) commit(ctx context.Context, o CommitOptions) (*CommitResult, error) {
	if err := r.unchecked(ctx, &o); err != nil {
		return nil, err
	}
	ro, err := r.commitOptions(ctx, o)
	if err != nil {
		return nil, err
	}
	state, err := r.r.Unfinished(ctx)
	if err == nil && state != nil {
		err = r.concluding(ctx, state, &o, ro)
	}
	if err != nil {
		return nil, err
	}
	made, err := r.r.CreateCommit(ctx, *ro)
	if err != nil {
		return nil, err
	}
	res := &CommitResult{Schema: "strata.commit/1", DryRun: o.DryRun, Branch: repo.ShortRef(made.Branch),
		Root: len(made.Parents) == 0, Commit: commitInfo(&made.CommitInfo)}
	rec := new(history.Recorder)
	if res.Datasets, err = r.recordChanges(ctx, made.Changes, rec); err == nil && !o.DryRun {
		rec.Save(r.r, &made.CommitInfo)
	}
	return res, err
}

// commitOptions turns what a user said into what the repository needs.
func (r *Repo) commitOptions(ctx context.Context, o CommitOptions) (*repo.CommitOptions, error) {
	ro := &repo.CommitOptions{Message: o.Message, Amend: o.Amend, AllowEmpty: o.AllowEmpty,
		AllowEmptyMessage: o.AllowEmptyMessage, DryRun: o.DryRun}
	if o.Edited {
		ro.Cleanup = repo.CleanupStrip
	}
	if o.Amend && o.Message == "" {
		head, err := r.r.Head(ctx)
		if err != nil {
			return nil, err
		}
		if !head.ID.IsZero() {
			old, err := r.r.Commit(ctx, head.ID)
			if err != nil {
				return nil, err
			}
			ro.Message = old.Message
		}
	}
	var err error
	if ro.Message, err = addTrailers(ro.Message, o.Trailers); err != nil {
		return nil, err
	}
	return ro, r.sign(ctx, o, ro)
}

// sign fills in author and committer, and who makes the signature.
func (r *Repo) sign(ctx context.Context, o CommitOptions, ro *repo.CommitOptions) error {
	author, aerr := r.r.Identity(repo.RoleAuthor)
	committer, err := r.committer()
	if err != nil {
		return err
	}
	if ro.Sign, err = r.signer(o.SignOptions, "commit.sign"); err != nil || o.DryRun {
		ro.Sign = nil
	}
	if err != nil {
		return err
	}
	ro.Committer = committer
	if ro.Committer, err = r.dated(committer, "STRATA_COMMITTER_DATE", ""); err != nil {
		return err
	}
	if o.Amend && o.Author == "" && o.Date == "" {
		return nil // the zero Signature keeps the old author
	}
	switch {
	case o.Author != "":
		if author.Name, author.Email, err = repo.ParseSignature(o.Author); err != nil {
			return &IdentityError{o.Author}
		}
	case o.Amend:
		if author, err = r.oldAuthor(ctx); err != nil {
			return err
		}
	case aerr != nil:
		return aerr
	}
	ro.Author, err = r.dated(author, "STRATA_AUTHOR_DATE", o.Date)
	return err
}

// committer returns who the user is; an author commits too.
func (r *Repo) committer() (repo.Signature, error) {
	by, err := r.r.Identity(repo.RoleCommitter)
	if errors.Is(err, repo.ErrNoIdentity) {
		by, err = r.r.Identity(repo.RoleAuthor)
	}
	return by, err
}

func (r *Repo) oldAuthor(ctx context.Context) (repo.Signature, error) {
	head, err := r.r.Head(ctx)
	if err != nil || head.ID.IsZero() {
		return repo.Signature{}, err
	}
	old, err := r.r.Commit(ctx, head.ID)
	if err != nil {
		return repo.Signature{}, err
	}
	return old.Author, nil
}

// dated returns s at the date given, or that of a variable, or unchanged.
func (r *Repo) dated(s repo.Signature, variable, date string) (repo.Signature, error) {
	if date == "" {
		date = r.getenv(variable)
	}
	if date == "" {
		return s, nil
	}
	t, err := ParseDate(date, r.r.Now())
	if err != nil {
		return s, err
	}
	return repo.NewSignature(s.Name, s.Email, t), nil
}

// IdentityError is returned for an author that is not written Name <email>.
type IdentityError struct{ Text string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("%q is not an author: want the form Name <email>", e.Text)
}

// TrailerError is returned for a trailer without a key.
type TrailerError struct{ Text string }

func (e *TrailerError) Error() string {
	return fmt.Sprintf("%q is not a trailer: want the form key=value", e.Text)
}

// addTrailers puts trailers behind a message, in the paragraph of those that it
// ends with already, if any.
func addTrailers(message string, trailers []string) (string, error) {
	if len(trailers) == 0 {
		return message, nil
	}
	lines := make([]string, len(trailers))
	for i, t := range trailers {
		at := strings.IndexAny(t, "=:")
		if at < 1 || strings.ContainsAny(t[:at], " \t\n") || strings.ContainsRune(t, '\n') {
			return "", &TrailerError{t}
		}
		lines[i] = t[:at] + ": " + strings.TrimSpace(t[at+1:])
	}
	body := strings.TrimRight(message, "\n ")
	gap := "\n\n"
	if at := strings.LastIndex(body, "\n\n"); at >= 0 && isTrailers(body[at+2:]) {
		gap = "\n"
	}
	return body + gap + strings.Join(lines, "\n") + "\n", nil
}

// isTrailers reports whether every line of a paragraph is "Key: value".
func isTrailers(paragraph string) bool {
	for line := range strings.SplitSeq(paragraph, "\n") {
		key, _, ok := strings.Cut(line, ": ")
		if !ok || key == "" || strings.ContainsAny(key, " \t") {
			return false
		}
	}
	return true
}
