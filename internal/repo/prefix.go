package repo

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// isHexPrefix reports whether s may be the beginning of an id.
func isHexPrefix(s string) bool {
	return len(s) >= MinPrefix && len(s) < 2*object.Size && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// resolvePrefix returns the one commit or tag object whose id begins with the
// lower-case hex digits given, among all that refs and reflogs reach. It reads
// the history, so it costs as much as a log without limits.
func (r *Repo) resolvePrefix(ctx context.Context, prefix string) (object.ID, error) {
	tips, err := r.Tips(ctx)
	if err != nil {
		return object.ID{}, err
	}
	found := map[object.ID]bool{}
	first, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return object.ID{}, err
	}
	note := func(id object.ID) {
		if bytes.HasPrefix(id[:], first) && strings.HasPrefix(id.String(), prefix) {
			found[id] = true
		}
	}
	var commits []object.ID
	for _, id := range tips {
		note(id)
		if id, err = r.PeelToCommit(ctx, id); err == nil {
			commits = append(commits, id)
		} else if kind := (*WrongKindError)(nil); !errors.As(err, &kind) {
			return object.ID{}, err
		}
	}
	if err := r.reach(ctx, commits, note); err != nil {
		return object.ID{}, err
	}
	var ids []object.ID
	for id := range found {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	switch len(ids) {
	case 0:
		return object.ID{}, r.unknown(ctx, prefix)
	case 1:
		return ids[0], nil
	}
	return object.ID{}, &AmbiguousRevisionError{Prefix: prefix, Candidates: ids}
}

// reach calls note for each commit that tips reach, each once, in no order that
// means anything. It reads records where there are some.
func (r *Repo) reach(ctx context.Context, tips []object.ID, note func(object.ID)) error {
	ns := r.nodes(false)
	defer ns.remember()
	seen := map[object.ID]bool{}
	for stack := slices.Clone(tips); len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		n, err := ns.get(ctx, id)
		if err != nil {
			return err
		}
		note(id)
		stack = append(stack, n.Parents...)
	}
	return nil
}

// Tips returns everything that a ref or a reflog entry names, sorted by id,
// each once: what gc must keep and where a search for commits begins.
func (r *Repo) Tips(ctx context.Context) ([]object.ID, error) {
	seen := map[object.ID]bool{}
	err := r.View(ctx, func(t *Tx) error {
		h, err := t.Head()
		if err != nil {
			return err
		}
		seen[h.ID] = true
		orig, _, err := t.Ref(origHeadName)
		if err != nil {
			return err
		}
		seen[orig] = true
		refs, err := t.Refs("")
		if err != nil {
			return err
		}
		for _, ref := range refs {
			seen[ref.Target] = true
		}
		for _, name := range t.LoggedRefs() {
			log, err := t.Reflog(name)
			if err != nil {
				return err
			}
			for _, e := range log {
				seen[e.Old], seen[e.New] = true, true
			}
		}
		return nil
	})
	delete(seen, object.ID{})
	ids := make([]object.ID, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids, err
}

func (r *Repo) unknown(ctx context.Context, name string) error {
	return r.View(ctx, func(t *Tx) error { return t.unknown(name) })
}

// unknown returns the error for a name that nothing has, with the nearest name
// that something does have.
func (t *Tx) unknown(name string) error {
	refs, err := t.Refs("")
	if err != nil {
		return err
	}
	names := []string{headName}
	for _, ref := range refs {
		names = append(names, ShortRef(ref.Name))
	}
	return &UnknownRevisionError{Name: name, Nearest: Nearest(name, names)}
}

// Nearest returns the name most like s by edits of single bytes (insert,
// delete, replace, swap of neighbours), or "" if none is within a third of the
// length of s. Of equally near ones the first wins.
func Nearest(s string, names []string) string {
	best, limit := "", len(s)/3
	for _, n := range names {
		if d := editDistance(s, n, limit); d <= limit {
			best, limit = n, d-1
		}
	}
	return best
}

// editDistance returns the optimal string alignment distance of a and b, or
// limit + 1 where it is greater.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(b)], limit+1)
}
