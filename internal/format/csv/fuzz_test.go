package csv

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-data/strata/internal/format"
)

// FuzzParse: any bytes are read as a file that comes back, or refused with an
// error of the format.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil && len(b) < 4096 {
			f.Add(b, byte(0), byte(0))
		}
	}
	f.Add([]byte("a b\n1 \"x\"\n"), byte(' '), byte(3))
	f.Fuzz(func(t *testing.T, file []byte, delim, bits byte) {
		yes := bits&1 != 0
		o := format.TextOptions{Delimiter: delim, Skip: int(bits >> 4 & 1)}
		if bits&2 != 0 {
			o.Header = &yes
		}
		tab, err := read(text{}, file, o)
		if err != nil && !errors.Is(err, format.ErrFormat) {
			t.Fatal(err)
		}
		if err == nil && bytes.IndexByte(file, '"') < 0 {
			again, err := read(text{}, file, o)
			if err != nil || !bytes.Equal(tab.codec.Dialect(), again.codec.Dialect()) {
				t.Fatal("not deterministic")
			}
		}
	})
}

// FuzzDialect: what decodes encodes to the same bytes.
func FuzzDialect(f *testing.F) {
	f.Add([]byte("strata csv 1\ndelimiter 0x2c\nspace false\ncrlf true\ncolumn always bare:NA float:repr:nan:inf\ncolumn bare quoted: time:T:python:+01:00\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := decodeDialect(b); err == nil && !bytes.Equal(d.encode(), b) {
			t.Fatalf("%q encodes as %q", b, d.encode())
		}
	})
}
