package source

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// plan finds out which files there are, what columns they have, and which
// samples belong to them.
func (rw *rewriter) plan(ctx context.Context, like []*table.Table) error {
	var ids [][]object.ID
	for _, t := range like {
		if t == nil || len(t.Sources) == 0 {
			continue
		}
		s := side{t: t}
		for _, id := range t.Sources {
			src, err := Load(ctx, rw.w, id)
			if err != nil {
				return err
			}
			s.sources = append(s.sources, src)
		}
		rw.sides, ids = append(rw.sides, s), append(ids, t.Sources)
	}
	if len(rw.sides) == 0 {
		return nil
	}
	base := map[string]*Source{}
	if rw.o.Base != nil {
		for _, id := range rw.o.Base.Sources {
			src, err := Load(ctx, rw.w, id)
			if err != nil {
				return err
			}
			base[src.Path] = src
		}
	}
	for i := range rw.sides {
		rw.pair(i, ids[i], base)
	}
	if len(rw.files) == 1 {
		rw.files[0].must = true
	}
	slices.SortFunc(rw.files, func(a, b *rewritten) int { return strings.Compare(a.path, b.path) })
	for i, f := range rw.files {
		f.at = i
		if err := rw.describe(f, base); err != nil {
			return inFile(f.path, err)
		}
	}
	if rw.sameRows() >= 0 {
		return nil
	}
	return rw.divide(ctx)
}

// pair gives the sources of side i to the files that the sides before have, or
// makes files of them. A file that one side renamed is one file.
func (rw *rewriter) pair(i int, ids []object.ID, base map[string]*Source) {
	var free []int // sources without a file
	for k, s := range rw.sides[i].sources {
		if f := rw.fileAt(s.Path); f != nil {
			f.like[i], f.likeID[i] = s, ids[k]
		} else {
			free = append(free, k)
		}
	}
	for _, k := range free {
		s := rw.sides[i].sources[k]
		f := rw.renamed(i, free, s, base)
		if f == nil {
			f = &rewritten{path: s.Path, main: i, like: make([]*Source, len(rw.sides)), likeID: make([]object.ID, len(rw.sides))}
			rw.files = append(rw.files, f)
		} else if _, old := base[f.path]; old {
			f.path = s.Path // this side renamed it
		}
		f.like[i], f.likeID[i] = s, ids[k]
	}
}

func (rw *rewriter) fileAt(p string) *rewritten {
	for _, f := range rw.files {
		if f.path == p {
			return f
		}
	}
	return nil
}

// renamed returns the file that source s of side i, whose path no other side
// has, is under another name: one that side i lacks, where one of the two
// names is older than both sides, or where each has but one file.
func (rw *rewriter) renamed(i int, free []int, s *Source, base map[string]*Source) *rewritten {
	_, isOld := base[s.Path]
	var found []*rewritten
	for _, f := range rw.files {
		has := f.like[i] != nil || slices.ContainsFunc(rw.sides[i].sources, func(o *Source) bool { return o.Path == f.path })
		if _, old := base[f.path]; has || f.template().Format != s.Format || old == isOld && len(base) > 0 {
			continue
		}
		found = append(found, f)
	}
	if len(found) > 1 || len(free) > 1 { // the last part of the path decides
		found = slices.DeleteFunc(found, func(f *rewritten) bool { return path.Base(f.path) != path.Base(s.Path) })
	}
	if len(found) != 1 || len(base) == 0 && (len(rw.files) > 1 || len(rw.sides[i].sources) > 1) {
		return nil
	}
	return found[0]
}

// describe finds out how a file is written: its format, mode and columns.
func (rw *rewriter) describe(f *rewritten, bases map[string]*Source) error {
	tmpl := f.template()
	var ok bool
	if f.format, ok = rw.o.Formats(tmpl.Format); !ok {
		return fmt.Errorf("format %s is not known to this program", tmpl.Format)
	}
	base := bases[f.path]
	for i := 0; base == nil && i < len(f.like); i++ { // renamed
		if f.like[i] != nil {
			base = bases[f.like[i].Path]
		}
	}
	f.base = base
	f.executable = tmpl.Executable
	all := true
	for _, l := range f.like {
		if l == nil {
			all = false
			continue
		}
		if base != nil && l.Executable != base.Executable {
			f.executable = l.Executable // one side changed it
		}
		f.must = f.must || l.Rows == 0
	}
	f.must = f.must || all
	for i, l := range f.like {
		if l == nil {
			continue
		}
		own := l.Columns
		if !l.IsText() {
			own = visible(rw.sides[i].t.Schema)
		}
		f.columns = rw.mergeColumns(f.columns, own)
	}
	return nil
}

// visible returns the ids of the columns that files have.
func visible(s *column.Schema) []string {
	var ids []string
	for _, f := range s.Fields {
		if !column.Hidden(f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// mergeColumns puts those columns of another side's file that have lacks behind
// the one that they stand behind there. Columns that come behind the same one
// are in order of id, whichever side they are from. Columns that the table no
// longer has are left out.
func (rw *rewriter) mergeColumns(have, other []string) []string {
	had := slices.Clone(have)
	at := 0 // where a column goes that comes next in other
	for _, id := range other {
		if rw.t.Schema.Index(id) < 0 {
			continue
		}
		if i := slices.Index(have, id); i >= 0 {
			at = i + 1
			continue
		}
		for len(had) > 0 && at < len(have) && have[at] < id && !slices.Contains(other, have[at]) && slices.Contains(had, have[at]) {
			at++
		}
		have = slices.Insert(have, at, id)
		at++
	}
	return have
}

// divide finds out which samples belong to which file. Where every file of
// every side is in key order and they do not overlap, that is a range of keys;
// else the order of the samples is kept by side (see order).
func (rw *rewriter) divide(ctx context.Context) error {
	rw.shuffled = rw.content
	text := false
	for _, f := range rw.files {
		text = text || f.template().IsText()
	}
	if len(rw.files) == 1 && !text {
		rw.shuffled = false // it has all samples, in key order
		return nil
	}
	var last *rewritten
	for _, f := range rw.files {
		for _, l := range f.like {
			if l == nil {
				continue
			}
			if !l.IsText() || l.Shuffled {
				rw.shuffled = true
			}
		}
		if rw.shuffled || len(rw.files) == 1 {
			continue
		}
		lo, hi, err := rw.hull(ctx, f)
		if err != nil {
			return err
		}
		if lo == nil {
			f.from, f.to = []byte{}, []byte{} // no samples
			continue
		}
		if last != nil && bytes.Compare(last.to, lo) >= 0 {
			rw.shuffled = true
		}
		f.from, f.to, last = lo, hi, f
	}
	if rw.shuffled {
		var err error
		rw.order, err = newOrder(ctx, rw)
		return err
	}
	rw.closeGaps()
	return nil
}

// hull returns the first and last key that a file has on any side.
func (rw *rewriter) hull(ctx context.Context, f *rewritten) (lo, hi []byte, err error) {
	for _, l := range f.like {
		if l == nil {
			continue
		}
		chunks, err := l.chunks(ctx, rw.w)
		if err != nil {
			return nil, nil, err
		}
		from, to := keyRange(chunks)
		if from == nil {
			continue
		}
		to = to[:len(to)-1]
		if lo == nil || bytes.Compare(from, lo) < 0 {
			lo = from
		}
		if hi == nil || bytes.Compare(to, hi) > 0 {
			hi = to
		}
	}
	return lo, hi, nil
}

// closeGaps makes the ranges of files neighbours, so that each sample is in one.
func (rw *rewriter) closeGaps() {
	var last *rewritten
	for _, f := range rw.files {
		if len(rw.files) > 1 && len(f.from) == 0 {
			continue
		}
		if last == nil {
			f.from = nil
		} else {
			last.to = f.from
		}
		last = f
	}
	if last == nil { // only empty files: the last gets what there is
		last = rw.files[len(rw.files)-1]
		last.from = nil
	}
	last.to = nil
}
