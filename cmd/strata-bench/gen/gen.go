// Package gen makes the data that benchmarks run on, from a seed: tables in
// several versions and trees of small files. The same options give the same
// bytes on every machine and for any number of goroutines, because every row is
// a function of the seed, its number and the edits that hit it, and of nothing
// else. Rows are made in parallel and written in order, so any size streams.
//
// A table (Table) has a seed, a number of rows, a list of edits, each of which
// makes a new version of the one before, and a list of changes of its schema.
// The shapes W1 to W5 (Shape) are lists of such tables; W6 is Files. Start
// reading at Table.Write, then Generator.row.
package gen

import "fmt"

// Version is the name of the generator in reports; numbers measured on data of
// different versions cannot be compared.
const Version = "w/1"

// Table describes one version of a generated table.
type Table struct {
	Seed uint64
	Rows int64 // before edits
	// Scattered orders the rows of the file by something else than the key.
	Scattered bool
	Edits     []Edit // one version each, oldest first
	// Changes of the schema: "add" the column quality, "rename" score to
	// confidence, "reorder" the columns, "drop" the text.
	Changes []string
}

// Edit makes one version of a table from the one before. Rates are of rows.
type Edit struct {
	Change  float64 // rows at random keys whose text, score and label are new
	Cluster float64 // the same for neighbouring rows, from a random one on
	Label   float64 // rows at random keys with another label
	Append  float64 // new rows behind the last
	Delete  float64 // rows at random keys that vanish
	Row     bool    // one row in the middle has another score
	// Side, 1 or 2, is one of two editors of the same version: their changes
	// hit different rows, those of Clash the same cells of the same rows with
	// different values.
	Side  int
	Clash float64 // rows at random keys with another score, one for each side
}

// Total returns the number of row numbers of the table: its rows and those that
// were deleted.
func (t *Table) Total() int64 {
	n := t.Rows
	for _, e := range t.Edits {
		n += int64(float64(t.Rows) * e.Append)
	}
	return n
}

// columns returns the names of the columns in file order.
func (t *Table) columns() ([]string, error) {
	names := []string{"id", "camera", "weather", "country", "score", "reading", "captured_at", "split", "label", "text", "speed", "verified"}
	for _, c := range t.Changes {
		switch c {
		case "add":
			names = append(names, "quality")
		case "rename":
			names[4] = "confidence"
		case "reorder":
			names[1], names[7] = names[7], names[1]
			names[5], names[10] = names[10], names[5]
		case "drop":
			names = append(names[:9:9], names[10:]...)
		default:
			return nil, fmt.Errorf("no change of the schema is called %q", c)
		}
	}
	return names, nil
}
