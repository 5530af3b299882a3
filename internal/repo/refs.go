package repo

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

const (
	bucketRefs     = "refs"
	symbolicPrefix = "ref: "
)

// Ref is a name for an object.
type Ref struct {
	Name   string // full, e.g. refs/heads/main
	Target object.ID
}

// Head says where HEAD is.
type Head struct {
	Branch string    // full name of the branch that it names; "" when detached
	ID     object.ID // its commit; zero while the branch does not exist yet
}

// Detached reports whether HEAD names a commit and not a branch.
func (h Head) Detached() bool { return h.Branch == "" }

// Short returns the branch's short name, or HEAD when detached.
func (h Head) Short() string {
	if h.Detached() {
		return headName
	}
	return ShortRef(h.Branch)
}

// RefChange is one compare-and-set of a ref.
type RefChange struct {
	Name string     // full name; HEAD means the branch that it names, or HEAD itself when detached
	Old  *object.ID // what it must be now (zero: absent), or nil for anything
	New  object.ID  // zero deletes the ref
	By   Signature  // for the reflog; the name may be empty
	Log  string     // the reflog's message
}

// RefMovedError is returned when a ref is not what the caller expected,
// because someone else was faster.
type RefMovedError struct {
	Name       string
	Want, Have object.ID // zero: absent
}

func (e *RefMovedError) Error() string {
	return fmt.Sprintf("%s is %s, expected %s", ShortRef(e.Name), orAbsent(e.Have), orAbsent(e.Want))
}

func orAbsent(id object.ID) string {
	if id.IsZero() {
		return "absent"
	}
	return id.String()
}

// RefConflictError is returned for a ref that cannot exist beside another, as
// a and a/b cannot both be files.
type RefConflictError struct{ Name, With string }

func (e *RefConflictError) Error() string {
	return fmt.Sprintf("%s cannot be created: %s exists", e.Name, e.With)
}

// Ref returns the object that the ref with the full name given names, and
// whether it exists. HEAD is followed to its branch.
func (t *Tx) Ref(name string) (object.ID, bool, error) {
	if name == headName {
		h, err := t.Head()
		return h.ID, !h.ID.IsZero(), err
	}
	return t.direct(name)
}

func (t *Tx) direct(name string) (object.ID, bool, error) {
	v := t.meta.Get(bucketRefs, []byte(name))
	if v == nil {
		return object.ID{}, false, nil
	}
	id, err := parseRefID(v)
	if err != nil {
		return object.ID{}, false, fmt.Errorf("ref %s: %w", name, err)
	}
	return id, true, nil
}

// parseRefID accepts only what Put writes.
func parseRefID(v []byte) (object.ID, error) {
	id, err := object.Parse(string(v))
	if err != nil || id.IsZero() || id.String() != string(v) {
		return object.ID{}, fmt.Errorf("%w: value %.80q is not an object id", object.ErrCorrupt, v)
	}
	return id, nil
}

// Head returns where HEAD is.
func (t *Tx) Head() (Head, error) {
	v := t.meta.Get(bucketRefs, []byte(headName))
	if branch, ok := strings.CutPrefix(string(v), symbolicPrefix); ok {
		if err := CheckRefName(branch); err != nil || !strings.HasPrefix(branch, branchPrefix) {
			return Head{}, fmt.Errorf("%w: HEAD names %.80q, which is not a branch", object.ErrCorrupt, branch)
		}
		id, _, err := t.direct(branch)
		return Head{Branch: branch, ID: id}, err
	}
	if v == nil {
		return Head{}, fmt.Errorf("%w: the repository has no HEAD", object.ErrCorrupt)
	}
	id, err := parseRefID(v)
	if err != nil {
		return Head{}, fmt.Errorf("HEAD: %w", err)
	}
	return Head{ID: id}, nil
}

// Refs returns the refs whose full names begin with prefix, in order of name.
// HEAD, ORIG_HEAD and BISECT_HEAD are not among them.
func (t *Tx) Refs(prefix string) ([]Ref, error) {
	var out []Ref
	for k, v := range t.meta.Range(bucketRefs, []byte(prefix)) {
		name := string(k)
		if !strings.HasPrefix(name, "refs/") {
			continue
		}
		id, err := parseRefID(v)
		if err != nil {
			return nil, fmt.Errorf("ref %s: %w", name, err)
		}
		out = append(out, Ref{Name: name, Target: id})
	}
	return out, nil
}

// SetRef changes one ref and logs the change, under HEAD too if HEAD names it.
// The caller has made sure that c.New is published. Errors are *RefMovedError,
// *RefNameError and *RefConflictError.
func (t *Tx) SetRef(c RefChange) error {
	h, err := t.Head()
	if err != nil {
		return err
	}
	name := c.Name
	if name == headName {
		if h.Detached() {
			return t.setDetached(h.ID, c)
		}
		name = h.Branch
	}
	if err := t.checkSettable(name, c.New); err != nil {
		return err
	}
	old, _, err := t.direct(name)
	if err != nil {
		return err
	}
	if c.Old != nil && *c.Old != old {
		return &RefMovedError{Name: name, Want: *c.Old, Have: old}
	}
	if err := t.putRef(name, c.New); err != nil {
		return err
	}
	if !pseudoRef(name) {
		t.note(c.By, c.Log)
	}
	if pseudoRef(name) || (old.IsZero() && c.New.IsZero()) {
		return nil
	}
	e := ReflogEntry{Old: old, New: c.New, By: c.By, Message: c.Log}
	if name == h.Branch {
		if err := t.addReflog(headName, e); err != nil {
			return err
		}
	}
	return t.addReflog(name, e)
}

func (t *Tx) setDetached(old object.ID, c RefChange) error {
	if c.Old != nil && *c.Old != old {
		return &RefMovedError{Name: headName, Want: *c.Old, Have: old}
	}
	if c.New.IsZero() {
		return &RefNameError{Name: headName, Reason: "HEAD cannot be deleted"}
	}
	return t.SetHead(Head{ID: c.New}, c.By, c.Log)
}

// SetHead makes HEAD name h.Branch, or the commit h.ID when h is detached, and
// logs it under HEAD only.
func (t *Tx) SetHead(h Head, by Signature, log string) error {
	was, err := t.Head()
	if err != nil {
		return err
	}
	value, to := h.ID.String(), h.ID
	if !h.Detached() {
		if err := CheckRefName(h.Branch); err != nil {
			return err
		}
		value = symbolicPrefix + h.Branch
		if to, _, err = t.direct(h.Branch); err != nil {
			return err
		}
	}
	t.note(by, log)
	if err := t.set(bucketRefs, headName, []byte(value)); err != nil {
		return err
	}
	if was.ID.IsZero() && to.IsZero() {
		return nil
	}
	return t.addReflog(headName, ReflogEntry{Old: was.ID, New: to, By: by, Message: log})
}

func (t *Tx) putRef(name string, id object.ID) error {
	if id.IsZero() {
		return t.set(bucketRefs, name, nil)
	}
	return t.set(bucketRefs, name, []byte(id.String()))
}

// checkSettable refuses names that are not refs and, unless the ref is being
// deleted, names that another ref is in the way of.
func (t *Tx) checkSettable(name string, new object.ID) error {
	if pseudoRef(name) {
		return nil
	}
	if err := CheckRefName(name); err != nil {
		return err
	}
	if !strings.HasPrefix(name, "refs/") {
		return &RefNameError{Name: name, Reason: "it does not begin with refs/"}
	}
	if new.IsZero() {
		return nil
	}
	for i := len("refs/"); i < len(name); i++ {
		if name[i] == '/' && t.meta.Get(bucketRefs, []byte(name[:i])) != nil {
			return &RefConflictError{Name: name, With: name[:i]}
		}
	}
	for k := range t.meta.Range(bucketRefs, []byte(name+"/")) {
		return &RefConflictError{Name: name, With: string(k)}
	}
	return nil
}

// Head returns where HEAD is.
func (r *Repo) Head(ctx context.Context) (h Head, err error) {
	err = r.View(ctx, func(t *Tx) error { h, err = t.Head(); return err })
	return h, err
}

// Refs returns the refs whose full names begin with prefix, in order of name.
func (r *Repo) Refs(ctx context.Context, prefix string) (refs []Ref, err error) {
	err = r.View(ctx, func(t *Tx) error { refs, err = t.Refs(prefix); return err })
	return refs, err
}

// UpdateRefs makes all of the changes in one transaction, or none. It first
// checks that every new target is published, and that branches name commits.
func (r *Repo) UpdateRefs(ctx context.Context, changes ...RefChange) error {
	for _, c := range changes {
		if c.New.IsZero() {
			continue
		}
		k, err := r.Kind(ctx, c.New)
		if err != nil {
			return fmt.Errorf("update %s: %w", c.Name, err)
		}
		branch := c.Name == headName || strings.HasPrefix(c.Name, branchPrefix)
		if branch && k != object.KindCommit {
			return fmt.Errorf("update %s: %w", c.Name, &WrongKindError{ID: c.New, Have: k, Want: object.KindCommit})
		}
	}
	return r.Update(ctx, func(t *Tx) error {
		for _, c := range changes {
			if err := t.SetRef(c); err != nil {
				return err
			}
		}
		return nil
	})
}
