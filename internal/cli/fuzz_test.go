package cli

import (
	"strconv"
	"testing"
)

// A size is never negative, and what exactSize writes is read as the same.
func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"1GiB", "512MiB", "1.5G", "2GB", "65536", "-1", "NaN", "9e30", "0x10p4k", " 1 kb "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseSize(s)
		if err != nil {
			return
		}
		if n < 0 {
			t.Fatalf("parseSize(%q) = %d", s, n)
		}
		if back, err := parseSize(exactSize(n)); n < 1<<53 && (err != nil || back != n) {
			t.Fatalf("%d is written %s and read %d, %v", n, exactSize(n), back, err)
		}
	})
}

// A quoted path is printable and stands for the same bytes. Go's octal escapes
// are git's, so strconv can take it back.
func FuzzQuoteC(f *testing.F) {
	for _, s := range []string{"plain", `a"b\c`, "tab\t", "ä", "\x00\x7f\xff", ""} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, ascii bool) {
		q := quoteC(s, ascii)
		for i := 0; i < len(q); i++ {
			if q[i] < 0x20 || q[i] == 0x7f || ascii && q[i] > 0x7f {
				t.Fatalf("quoteC(%q) = %q has byte %#x", s, q, q[i])
			}
		}
		if q == s {
			return
		}
		if !ascii {
			return // strconv refuses bytes that are not UTF-8
		}
		if back, err := strconv.Unquote(q); err != nil || back != s {
			t.Fatalf("quoteC(%q) = %s, read back %q, %v", s, q, back, err)
		}
	})
}
