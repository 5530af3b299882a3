// Package selection chooses samples for annotation or inspection: uniformly at random, or stratified by the values of a column.
//
// Its one invariant: whether a sample is chosen depends on its key, the seed and the set of candidates, and on nothing else.
// Each candidate's place is a hash of seed and key, so the order of rows, shards and threads cannot matter, adding rows
// displaces only what it must, and the picks for n are the first n of the picks for n+1. The same commit and the same seed
// choose the same samples on any machine.
//
// Each pick carries the probability with which it was included, so that counts, rates and metrics over a selection can be
// weighted back to the whole (Horvitz and Thompson 1952: weight 1/Inclusion).
//
// Start reading at Random and Stratified; hashing and apportionment are in internal/stat. The package does no I/O: candidates
// come from an iterator.
package selection

import (
	"errors"
	"fmt"
	"iter"
	"sort"
	"strconv"

	"github.com/strata-data/strata/internal/stat"
)

// ErrNegative is returned when a number of picks or a minimum is below zero.
var ErrNegative = errors.New("must not be negative")

// ErrTooManyStrata is returned by Stratified when the column has more than MaxStrata values, wrapped with the column's name.
var ErrTooManyStrata = errors.New("too many strata")

// ErrDuplicateKey is returned when so many candidates have equal keys that there are fewer picks than there must be.
// Repetitions that do no harm to the picks are not looked for.
var ErrDuplicateKey = errors.New("candidates with equal keys")

// MaxStrata is the largest number of strata that Stratified accepts; a column with more of them is a name, not a class.
const MaxStrata = 100_000

// Candidate is a sample that may be chosen.
type Candidate struct {
	Key     string // the sample's key as text, unique among candidates
	Stratum string // value of the column that is stratified by; ignored by Random
	Null    bool   // the value is null, which is a stratum of its own
}

// Pick is a chosen sample.
type Pick struct {
	Key       string  `json:"key"`
	Stratum   string  `json:"stratum,omitempty"`
	Null      bool    `json:"null,omitempty"`
	Inclusion float64 `json:"inclusion"` // probability with which it was chosen, in (0, 1]
}

// StratumReport says how many of a stratum's samples were chosen.
type StratumReport struct {
	Stratum string `json:"stratum"`
	Null    bool   `json:"null,omitempty"`
	Size    int    `json:"size"`
	Picked  int    `json:"picked"`
	Missing int    `json:"missing,omitempty"` // picks below the minimum that was asked for
	Reason  string `json:"reason,omitempty"`  // why they are missing
}

// Selection is an ordered list of picks and how it came about. It is a pure function of the set of candidates and the fields
// above Picks.
type Selection struct {
	By      string          `json:"by"` // random, or stratified:COLUMN
	N       int             `json:"n"`  // picks asked for
	Seed    uint64          `json:"seed,string"`
	Minimum int             `json:"minimum,omitempty"`
	Total   int             `json:"total"` // candidates
	Picks   []Pick          `json:"picks"` // min(N, Total) of them, the ones to take first in front
	Strata  []StratumReport `json:"strata,omitempty"`
}

// Random chooses n candidates, each set of n with the same probability over seeds. Fewer candidates than n are all chosen. It holds
// about 2n keys. Inclusion is n/Total for all picks. An error of the iterator ends it.
func Random(candidates iter.Seq2[Candidate, error], n int, seed uint64) (*Selection, error) {
	if n < 0 {
		return nil, fmt.Errorf("number of picks %d: %w", n, ErrNegative)
	}
	s := &Selection{By: "random", N: n, Seed: seed, Picks: []Pick{}}
	draw := newDraw(seed)
	best := stat.NewBottomK(n)
	for c, err := range candidates {
		if err != nil {
			return nil, fmt.Errorf("read candidates: %w", err)
		}
		s.Total++
		draw.offer(best, c.Key)
	}
	chosen := best.Sample()
	if len(chosen) < min(n, s.Total) {
		return nil, ErrDuplicateKey
	}
	for _, d := range chosen {
		s.Picks = append(s.Picks, Pick{Key: d.ID, Inclusion: float64(len(chosen)) / float64(s.Total)})
	}
	return s, nil
}

// Stratified chooses n candidates so that each stratum gets its share: first minimum of each stratum (or all of a smaller
// one), then the rest in proportion to what is left, by the method of Sainte-Laguë. Within a stratum the choice is that of
// Random. col is the name of the column, for the record. Picks come in the order in which the seats are given out. Inclusion
// is picked/size of the stratum.
//
// It holds up to about 2n keys for each stratum, and no more than there are candidates.
func Stratified(candidates iter.Seq2[Candidate, error], col string, n int, seed uint64, minimum int) (*Selection, error) {
	if n < 0 {
		return nil, fmt.Errorf("number of picks %d: %w", n, ErrNegative)
	}
	if minimum < 0 {
		return nil, fmt.Errorf("minimum %d: %w", minimum, ErrNegative)
	}
	s := &Selection{By: "stratified:" + col, N: n, Seed: seed, Minimum: minimum, Picks: []Pick{}}
	strata, err := s.gather(candidates, col)
	if err != nil {
		return nil, err
	}
	sizes := make([]stat.Stratum, len(strata))
	for i, t := range strata {
		sizes[i] = stat.Stratum{Name: t.order(), Size: t.size}
	}
	seats := stat.Seats(sizes, n, minimum)
	picked := make([]int, len(strata))
	for _, i := range seats {
		picked[i]++
	}
	next := make([]int, len(strata))
	for _, i := range seats {
		t := strata[i]
		chosen := t.best.Sample()
		if next[i] == len(chosen) {
			return nil, fmt.Errorf("stratum %q: %w", t.name, ErrDuplicateKey)
		}
		d := chosen[next[i]]
		next[i]++
		s.Picks = append(s.Picks, Pick{Key: d.ID, Stratum: t.name, Null: t.null, Inclusion: float64(picked[i]) / float64(t.size)})
	}
	for i, t := range strata {
		s.Strata = append(s.Strata, t.report(picked[i], minimum))
	}
	return s, nil
}

// stratum is a class of candidates while they are read.
type stratum struct {
	name string
	null bool
	size int
	best *stat.BottomK
}

// gather reads all candidates and returns their strata in order: null first, then by name.
func (s *Selection) gather(candidates iter.Seq2[Candidate, error], col string) ([]*stratum, error) {
	type id struct {
		name string
		null bool
	}
	draw := newDraw(s.Seed)
	byID := map[id]*stratum{}
	var strata []*stratum
	for c, err := range candidates {
		if err != nil {
			return nil, fmt.Errorf("read candidates: %w", err)
		}
		s.Total++
		key := id{c.Stratum, c.Null}
		if c.Null {
			key.name = ""
		}
		t := byID[key]
		if t == nil {
			if len(strata) == MaxStrata {
				return nil, fmt.Errorf("column %q has more than %d different values: %w", col, MaxStrata, ErrTooManyStrata)
			}
			t = &stratum{name: key.name, null: c.Null, best: stat.NewBottomK(s.N)}
			byID[key] = t
			strata = append(strata, t)
		}
		t.size++
		draw.offer(t.best, c.Key)
	}
	sort.Slice(strata, func(i, j int) bool { return strata[i].order() < strata[j].order() })
	return strata, nil
}

// order returns a string that sorts null before every name.
func (t *stratum) order() string {
	if t.null {
		return ""
	}
	return "=" + t.name
}

func (t *stratum) report(picked, minimum int) StratumReport {
	r := StratumReport{Stratum: t.name, Null: t.null, Size: t.size, Picked: picked}
	if r.Missing = max(0, minimum-picked); r.Missing > 0 {
		r.Reason = "not enough picks for every minimum"
		if picked == t.size {
			r.Reason = "not enough samples"
		}
	}
	return r
}

// draw orders candidates by the hash of seed and key.
type draw struct {
	keyer *stat.Keyer
	buf   []byte
}

func newDraw(seed uint64) *draw { return &draw{keyer: stat.NewKeyer(strconv.FormatUint(seed, 10))} }

// offer puts a candidate before the others whose u is smaller, as stat.Keyer.Key orders equal weights, but by 1-u, which is
// exact where a logarithm may differ between machines.
func (d *draw) offer(best *stat.BottomK, key string) {
	d.buf = append(d.buf[:0], key...)
	place := 1 - d.keyer.Uniform(d.buf)
	if best.Wants(place) {
		best.Add(stat.Drawn{ID: key, Key: place, Weight: 1})
	}
}
