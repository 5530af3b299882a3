package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// MinPrefix is the fewest hex digits that may stand for an id.
const MinPrefix = 4

// UnknownRevisionError is returned when a revision names nothing.
type UnknownRevisionError struct {
	Name    string // the part that is unknown
	Reason  string // why, where it is not simply an unknown name
	Nearest string // a name that may have been meant, or ""
}

func (e *UnknownRevisionError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("unknown revision %q: %s", e.Name, e.Reason)
	}
	return fmt.Sprintf("no branch, tag or commit called %q", e.Name)
}

// AmbiguousRevisionError is returned when a prefix stands for several commits.
type AmbiguousRevisionError struct {
	Prefix     string
	Candidates []object.ID // at least two, sorted
}

func (e *AmbiguousRevisionError) Error() string {
	return fmt.Sprintf("%q is ambiguous: it is the beginning of %d commits or tags", e.Prefix, len(e.Candidates))
}

// Resolve returns the commit that the revision s names, following tags. Errors
// are *UnknownRevisionError, *AmbiguousRevisionError, *RevisionSyntaxError and
// *WrongKindError.
func (r *Repo) Resolve(ctx context.Context, s string) (object.ID, error) {
	id, err := r.ResolveObject(ctx, s)
	if err != nil {
		return object.ID{}, err
	}
	return r.PeelToCommit(ctx, id)
}

// ResolveObject returns the object that the revision s names: for an annotated
// tag the tag object itself, for a full id whatever object has it.
func (r *Repo) ResolveObject(ctx context.Context, s string) (object.ID, error) {
	rev, err := ParseRevision(s)
	if err != nil {
		return object.ID{}, err
	}
	id, err := r.resolveBase(ctx, rev)
	if err != nil {
		return object.ID{}, err
	}
	for _, step := range rev.Steps {
		if id, err = r.step(ctx, rev.Text, id, step); err != nil {
			return object.ID{}, err
		}
	}
	return id, nil
}

func (r *Repo) resolveBase(ctx context.Context, rev Revision) (object.ID, error) {
	if id, err := object.Parse(strings.ToLower(rev.Base)); err == nil && rev.Select == SelectNone {
		has, err := r.objects.Has(ctx, id)
		if err == nil && !has {
			err = &UnknownRevisionError{Name: rev.Base}
		}
		return id, err
	}
	id, _, err := r.namedRef(ctx, rev)
	var unknown *UnknownRevisionError
	if !errors.As(err, &unknown) || unknown.Reason != "" || rev.Select != SelectNone {
		return id, err
	}
	if isHexPrefix(rev.Base) {
		return r.resolvePrefix(ctx, strings.ToLower(rev.Base))
	}
	return object.ID{}, err
}

// RefOf returns the full name of the ref that s names by itself, such as
// refs/heads/main for main, HEAD, @ or @{-1}. It is "" where s is a revision
// that is more than a ref, an id, or a detached HEAD.
func (r *Repo) RefOf(ctx context.Context, s string) (string, error) {
	rev, err := ParseRevision(s)
	if err != nil || len(rev.Steps) > 0 || rev.Select == SelectLog {
		return "", err
	}
	_, name, err := r.namedRef(ctx, rev)
	var unknown *UnknownRevisionError
	if errors.As(err, &unknown) {
		return "", nil
	}
	if name == headName {
		h, err := r.Head(ctx)
		return h.Branch, err
	}
	return name, err
}

// namedRef looks up a base that is a ref, with or without its reflog.
func (r *Repo) namedRef(ctx context.Context, rev Revision) (id object.ID, name string, err error) {
	err = r.View(ctx, func(t *Tx) error {
		switch rev.Select {
		case SelectSwitch:
			id, name, err = t.leftBranch(rev.N)
			return err
		case SelectLog:
			if name, err = t.logOwner(rev.Base); err != nil {
				return err
			}
			id, err = t.loggedValue(name, rev.N)
			return err
		}
		if name, id, err = t.findRef(rev.Base); err != nil {
			return err
		}
		if id.IsZero() && rev.Base == headName {
			return &UnknownRevisionError{Name: rev.Base, Reason: "there is no commit yet"}
		}
		if id.IsZero() {
			return t.unknown(rev.Base)
		}
		return nil
	})
	return id, name, err
}

// findRef tries the places of git's rules for short names, in their order. A
// zero id means that there is none.
func (t *Tx) findRef(name string) (string, object.ID, error) {
	if kind := stateOfHead(name); kind != "" {
		if id, err := t.broughtIn(kind); err != nil || !id.IsZero() {
			return name, id, err
		}
	}
	places := []string{"refs/" + name, tagPrefix + name, branchPrefix + name, remotePrefix + name, remotePrefix + name + "/HEAD"}
	if name == headName || pseudoRef(name) || strings.HasPrefix(name, "refs/") {
		places = append([]string{name}, places...)
	}
	for _, p := range places {
		id, ok, err := t.Ref(p)
		if err != nil || ok {
			return p, id, err
		}
	}
	return "", object.ID{}, nil
}

// logOwner returns the ref whose log base@{n} reads: for an empty base that of
// the current branch.
func (t *Tx) logOwner(base string) (string, error) {
	switch base {
	case "":
		h, err := t.Head()
		if h.Detached() {
			return headName, err
		}
		return h.Branch, err
	case headName:
		return headName, nil
	}
	name, id, err := t.findRef(base)
	if err == nil && id.IsZero() {
		name, err = t.logOfGone(base)
	}
	return name, err
}

// loggedValue returns what the ref was n changes ago.
func (t *Tx) loggedValue(name string, n int) (object.ID, error) {
	log, err := t.Reflog(name)
	if err != nil {
		return object.ID{}, err
	}
	var id object.ID
	switch {
	case n == 0:
		id, _, err = t.Ref(name)
	case n < len(log):
		id = log[n].New
	case n == len(log):
		id = log[n-1].Old
	}
	if err == nil && id.IsZero() {
		err = &UnknownRevisionError{
			Name:   fmt.Sprintf("%s@{%d}", ShortRef(name), n),
			Reason: fmt.Sprintf("the log of %s has %d entries", ShortRef(name), len(log)),
		}
		if n == 0 && len(log) > 0 {
			err.(*UnknownRevisionError).Reason = ShortRef(name) + " was deleted; before that it was " + ShortRef(name) + "@{1}"
		}
	}
	return id, err
}

const movingFrom = "checkout: moving from "

// leftBranch returns the branch or commit that HEAD left n switches ago.
func (t *Tx) leftBranch(n int) (object.ID, string, error) {
	log, err := t.Reflog(headName)
	if err != nil {
		return object.ID{}, "", err
	}
	switches := 0
	for _, e := range log {
		rest, ok := strings.CutPrefix(e.Message, movingFrom)
		if !ok {
			continue
		}
		if switches++; switches < n {
			continue
		}
		from, _, _ := strings.Cut(rest, " to ")
		if id, ok, err := t.Ref(branchPrefix + from); ok || err != nil {
			return id, branchPrefix + from, err
		}
		if id, err := object.Parse(from); err == nil {
			return id, "", nil
		}
		return object.ID{}, "", &UnknownRevisionError{Name: fmt.Sprintf("@{-%d}", n), Reason: fmt.Sprintf("branch %q is gone", from)}
	}
	return object.ID{}, "", &UnknownRevisionError{
		Name: fmt.Sprintf("@{-%d}", n), Reason: fmt.Sprintf("HEAD was switched %d times", switches),
	}
}

// step applies one suffix of a revision.
func (r *Repo) step(ctx context.Context, text string, id object.ID, s Step) (object.ID, error) {
	if s.Op == '{' {
		return r.peelTo(ctx, id, s)
	}
	id, err := r.PeelToCommit(ctx, id)
	if err != nil || s.N == 0 {
		return id, err
	}
	count, nth := s.N, 1
	if s.Op == '^' {
		count, nth = 1, s.N
	}
	for range count {
		c, err := r.Commit(ctx, id)
		if err != nil {
			return object.ID{}, err
		}
		if len(c.Parents) < nth {
			return object.ID{}, &UnknownRevisionError{Name: text, Reason: "commit " + id.Short() + " has " + parents(len(c.Parents))}
		}
		id = c.Parents[nth-1]
	}
	return id, nil
}

func parents(n int) string {
	switch n {
	case 0:
		return "no parent"
	case 1:
		return "one parent"
	}
	return fmt.Sprintf("%d parents", n)
}

func (r *Repo) peelTo(ctx context.Context, id object.ID, s Step) (object.ID, error) {
	if s.Kind == 0 && s.N == 1 { // ^{object}
		return id, nil
	}
	if s.Kind == object.KindTag {
		k, err := r.Kind(ctx, id)
		if err == nil && k != object.KindTag {
			err = &WrongKindError{ID: id, Have: k, Want: object.KindTag}
		}
		return id, err
	}
	id, k, err := r.peelTags(ctx, id)
	if err != nil || s.Kind == 0 || k == s.Kind {
		return id, err
	}
	if s.Kind == object.KindTree && k == object.KindCommit {
		c, err := r.Commit(ctx, id)
		if err != nil {
			return object.ID{}, err
		}
		return c.Tree, nil
	}
	return object.ID{}, &WrongKindError{ID: id, Have: k, Want: s.Kind}
}
