// Package csv reads and writes delimited text: CSV and TSV, with the quoting
// of RFC 4180, any one-byte delimiter, LF or CRLF.
//
// The invariant is that nothing of a file is lost: a Codec marks every record
// whose bytes are not what Render writes as odd, the caller keeps odd records
// verbatim, and so the head and then, for every record, its own bytes where it
// is odd and Render's otherwise, are the file again, byte for byte.
//
// How a file is read in four steps: sniff.go finds delimiter and header in the
// first bytes, infer.go and stats.go gather what all values of a column have in
// common, choose.go turns that into a type and its spelling, codec.go parses
// and renders. scan.go is the tokenizer under all of them. What is a null, how
// a type is chosen and how a dialect is written down is in docs/format/csv.md.
package csv

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// Formats returns the formats csv and tsv.
func Formats() []format.Format {
	return []format.Format{
		{Name: "csv", Extensions: []string{".csv"}, Text: text{}, Write: writeWith(',')},
		{Name: "tsv", Extensions: []string{".tsv", ".tab"}, Text: text{delim: '\t'}, Write: writeWith('\t')},
	}
}

// text is format.Text; delim is the delimiter that the file's name promises,
// or 0.
type text struct{ delim byte }

// RecordEnd finds record ends of files whose delimiter is the usual one; an
// Inferrer or a Codec knows better (format.Ender).
func (t text) RecordEnd(buf []byte, from int) int {
	if t.delim != 0 {
		return recordEnd(buf, from, t.delim, false)
	}
	return recordEnd(buf, from, ',', false)
}

// Load implements format.Text.
func (text) Load(b []byte, columns []column.Field) (format.Codec, error) {
	d, err := decodeDialect(b)
	if err != nil {
		return nil, err
	}
	if len(d.cols) != len(columns) {
		return nil, fmt.Errorf("csv dialect of %d columns for %d columns", len(d.cols), len(columns))
	}
	return newCodec(d, columns), nil
}
