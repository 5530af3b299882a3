package fsck

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// problem is a finding on its way: where it hurts becomes known while the walk
// goes up.
type problem struct {
	Finding
	order   []byte // first key, for the order of the report
	tables  map[object.ID]bool
	commits map[object.ID]bool
}

// place is where in a table a problem is.
type place struct {
	p           *problem
	column      string // id
	file        string // of a source, or of @files
	first, last []byte // keys; no last: the table as a whole
	after       bool   // first is the last key before the range
}

// problemKey makes one problem of what is found several times.
type problemKey struct {
	id, name string
	object   object.ID
}

// problem returns the problem id with an object, made on first use. detail is
// that of the first.
func (c *checker) problem(id string, obj object.ID, detail string) *problem {
	return c.named(id, obj, "", detail)
}

// named is problem for something that has a name in meta.db.
func (c *checker) named(id string, obj object.ID, name, detail string) *problem {
	key := problemKey{id, name, obj}
	if p := c.known[key]; p != nil {
		return p
	}
	k := kindOf(id)
	p := &problem{Finding: Finding{ID: id, Severity: k.Severity, Object: obj, Name: name, Detail: detail},
		tables: map[object.ID]bool{}, commits: map[object.ID]bool{}}
	if m, ok := c.objects.get(obj); ok && m.kind != 0 && !obj.IsZero() {
		p.Kind = m.kind.String()
	}
	c.known[key] = p
	c.problems = append(c.problems, p)
	return p
}

// key is how the bucket of known damage names p; "" for what has no object.
func (p *problem) key() string {
	if p.Object.IsZero() {
		return ""
	}
	return p.ID + "\x00" + string(p.Object[:])
}

// markKnown makes warnings of the damage that a repair has written down.
func (c *checker) markKnown() {
	known := map[string]bool{}
	for _, k := range c.facts.Known {
		known[k] = true
	}
	for _, p := range c.problems {
		if p.Severity == Error && known[p.key()] {
			p.Severity, p.Known, p.Hint = Warning, true, ""
		}
	}
}

// maxPlaces bounds the places that one object carries upwards.
const maxPlaces = 4096

func joinPlaces(a, b []place) []place {
	if len(a)+len(b) > maxPlaces {
		b = b[:max(0, min(len(b), maxPlaces-len(a)))]
	}
	if len(b) == 0 {
		return a
	}
	return append(a[:len(a):len(a)], b...)
}

// malformed names the kind of finding for an object that decoding refused.
func malformed(kind object.Kind, err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, object.ErrUnsupported):
		return "formatUnknown"
	case errors.Is(err, table.ErrStats):
		return "chunkStatsWrong"
	case errors.Is(err, table.ErrCuts):
		return "treeNotCanonical"
	case errors.Is(err, table.ErrOrder), strings.Contains(text, "keys of children out of order"),
		strings.Contains(text, "first key behind its last"):
		return "treeUnsorted"
	case errors.Is(err, table.ErrColumn):
		return "schemaMismatch"
	case strings.Contains(text, "behind the end"), strings.Contains(text, "extraneous data"):
		return "objectTrailingBytes"
	case strings.Contains(text, "truncated"), strings.Contains(text, "unexpected EOF"), strings.Contains(text, "too few for an object"),
		text == "EOF", strings.HasSuffix(text, ": EOF"):
		return "objectTruncated"
	}
	switch kind {
	case object.KindPage, object.KindPageList, object.KindLeaf, object.KindNode, object.KindChunks:
		return "chunkBadLayout"
	}
	return "objectMalformed"
}

// detailOf is the text of err for a finding.
func detailOf(err error) string {
	var corrupt *object.CorruptError
	if errors.As(err, &corrupt) && corrupt.Detail != "" {
		return strings.ReplaceAll(corrupt.Detail, object.ErrCorrupt.Error()+": ", "")
	}
	return strings.ReplaceAll(err.Error(), object.ErrCorrupt.Error()+": ", "")
}

// keyText writes a key for people.
func keyText(s *column.Schema, key []byte) string {
	if key == nil {
		return ""
	}
	if s != nil {
		var types []*column.Type
		for _, i := range s.KeyColumns() {
			types = append(types, s.Fields[i].Type)
		}
		if text, err := column.KeyText(types, key); err == nil {
			return text
		}
	}
	return hex.EncodeToString(key)
}
