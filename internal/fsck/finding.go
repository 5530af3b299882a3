package fsck

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Finding is one thing that is wrong with a repository.
type Finding struct {
	ID       string    `json:"id"` // see Kinds
	Severity Severity  `json:"severity"`
	Object   object.ID `json:"object,omitzero"`
	Kind     string    `json:"kind,omitempty"`    // of the object, where it can be told
	Segment  string    `json:"segment,omitempty"` // the file's name without .seg
	Name     string    `json:"name,omitempty"`    // of the ref, reflog, index entry or state
	Detail   string    `json:"detail"`
	// Where it hurts: the first of Places such places, in order of commits from
	// the newest and of names.
	Dataset string `json:"dataset,omitempty"`
	Column  string `json:"column,omitempty"`
	File    string `json:"file,omitempty"`
	Keys    *Keys  `json:"keys,omitempty"`
	Places  int    `json:"places,omitempty"`
	// Commits whose data or history it hurts: how many, and the newest.
	CommitCount int         `json:"commit_count,omitempty"`
	Commits     []object.ID `json:"commits,omitempty"`
	Refs        []string    `json:"refs,omitempty"` // that reach one of them
	Known       bool        `json:"known,omitempty"`
	Hint        string      `json:"hint,omitempty"`
}

// Keys is a range of samples, as people write keys; hexadecimal where the
// schema cannot be read.
type Keys struct {
	First string `json:"first,omitempty"` // "" where the range begins behind After
	After string `json:"after,omitempty"` // all keys of the range are above this one
	Last  string `json:"last"`
}

// Count is how many findings of one kind there are.
type Count struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Count    int      `json:"count"`
}

// Report is what a check found, strata.fsck/1.
type Report struct {
	Schema   string    `json:"schema"`
	OK       bool      `json:"ok"` // no error was found
	Deep     bool      `json:"deep"`
	Segments int       `json:"segments"`
	Objects  int64     `json:"objects"` // that were read
	Bytes    int64     `json:"bytes"`   // of them, uncompressed
	Commits  int       `json:"commits"` // that are reachable
	Tables   int       `json:"tables"`  // different ones of these
	Files    int       `json:"files"`   // restored (deep)
	Findings []Finding `json:"findings"`
	Counts   []Count   `json:"counts"` // of all findings, also those that Limit left out
	Repair   *Repaired `json:"repair,omitempty"`
}

// Errors returns how many findings of severity error there are.
func (r *Report) Errors() int { return r.count(Error) }

// Warnings returns how many warnings there are.
func (r *Report) Warnings() int { return r.count(Warning) }

func (r *Report) count(s Severity) (n int) {
	for _, c := range r.Counts {
		if c.Severity == s {
			n += c.Count
		}
	}
	return n
}

// report puts the findings in order: by severity, then by kind, then by what
// they are about.
func (c *checker) report() *Report {
	r := &Report{Schema: "strata.fsck/1", Deep: c.o.Deep, Segments: len(c.infos), Objects: c.objects.read.Load(), Bytes: c.objects.bytes.Load(),
		Commits: len(c.commits), Tables: len(c.tables), Files: c.restored, Findings: []Finding{}, Counts: []Count{}}
	rank := map[string]int{}
	for i, k := range Kinds() {
		rank[k.ID] = i
	}
	severities := []Severity{Error, Warning, Info}
	c.markKnown()
	slices.SortFunc(c.problems, func(a, b *problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			cmp.Compare(rank[a.ID], rank[b.ID]),
			compareLast(a.Dataset, b.Dataset), strings.Compare(a.Column, b.Column),
			strings.Compare(a.Segment, b.Segment), strings.Compare(a.Name, b.Name),
			slices.Compare(a.order, b.order),
			slices.Compare(a.Object[:], b.Object[:]), strings.Compare(a.Detail, b.Detail))
	})
	for _, p := range c.problems {
		n := len(r.Counts)
		if n == 0 || r.Counts[n-1].ID != p.ID || r.Counts[n-1].Severity != p.Severity {
			r.Counts = append(r.Counts, Count{ID: p.ID, Severity: p.Severity})
			n++
		}
		if r.Counts[n-1].Count++; r.Counts[n-1].Count <= c.o.Limit {
			r.Findings = append(r.Findings, p.Finding)
		}
	}
	r.OK = r.Errors() == 0
	return r
}

// compareLast is strings.Compare with the empty string last.
func compareLast(a, b string) int {
	if (a == "") != (b == "") {
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}
