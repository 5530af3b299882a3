package repo

import (
	"path"
	"strings"
)

// Address names datasets or samples: `[REV:]DATASET[/KEY]`.
type Address struct {
	Rev    string // "" where none was given
	HasRev bool   // a colon was there; with an empty Rev it means the index, as in git
	Path   string // DATASET[/KEY]; may be empty only after a revision
}

// ParseAddress splits s into revision and path. A dataset of names with which
// s begins (`train` or `train/...`) leaves no room for a revision, so that keys
// may contain colons; else everything before the first colon is the revision.
// The revision must be well-formed; whether it exists is for Resolve to say.
func ParseAddress(s string, names []string) (Address, error) {
	for _, n := range names {
		if s == n || strings.HasPrefix(s, n+"/") {
			return Address{Path: s}, nil
		}
	}
	rev, rest, ok := strings.Cut(s, ":")
	if !ok {
		if s == "" {
			return Address{}, &RevisionSyntaxError{Text: s, Reason: "the address is empty"}
		}
		return Address{Path: s}, nil
	}
	if rev != "" {
		if _, err := ParseRevision(rev); err != nil {
			return Address{}, err
		}
	}
	return Address{Rev: rev, HasRev: true, Path: rest}, nil
}

// Match is one dataset that an address means. An empty Key means all samples;
// it may be a glob.
type Match struct {
	Dataset string
	Key     string
}

// Match returns the datasets of names (sorted) that the path of a means. The
// longest dataset whose name the path begins with wins, and what follows is
// the key. Else the dataset part is a glob: `*` and `?` match within a
// component, `tr*/5` is the key 5 in each of train and trial. An empty path
// means all datasets but the system ones (which begin with @).
func (a Address) Match(names []string) []Match {
	if a.Path == "" {
		var out []Match
		for _, n := range names {
			if !strings.HasPrefix(n, "@") {
				out = append(out, Match{Dataset: n})
			}
		}
		return out
	}
	longest := -1
	for i, n := range names {
		if (a.Path == n || strings.HasPrefix(a.Path, n+"/")) && (longest < 0 || len(n) > len(names[longest])) {
			longest = i
		}
	}
	if longest >= 0 {
		n := names[longest]
		return []Match{{Dataset: n, Key: strings.TrimPrefix(a.Path[len(n):], "/")}}
	}
	var out []Match
	for _, n := range names {
		if key, ok := globDataset(a.Path, n); ok {
			out = append(out, Match{Dataset: n, Key: key})
		}
	}
	return out
}

// globDataset matches as many components of pattern as name has.
func globDataset(pattern, name string) (key string, ok bool) {
	if strings.HasPrefix(name, "@") && !strings.HasPrefix(pattern, "@") {
		return "", false
	}
	parts := strings.SplitN(pattern, "/", strings.Count(name, "/")+2)
	n := strings.Count(name, "/") + 1
	if len(parts) < n {
		return "", false
	}
	if m, err := path.Match(strings.Join(parts[:n], "/"), name); err != nil || !m {
		return "", false
	}
	return strings.Join(parts[n:], "/"), true
}
