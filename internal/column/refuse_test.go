package column

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
)

// Each page breaks one rule of docs/format/page.md.
func TestDecodePageRefuses(t *testing.T) {
	for _, c := range []struct {
		name, typ, page string
		want            error
	}{
		{"nothing", "int64", "", object.ErrCorrupt},
		{"another kind", "int64", "4c0100", object.ErrCorrupt},
		{"newer version", "int64", "500200", object.ErrUnsupported},
		{"no row count", "int64", "5001", object.ErrCorrupt},
		{"too many rows", "int64", "500181804001" + "0e00", object.ErrCorrupt},
		{"no block", "int64", "500101", object.ErrCorrupt},
		{"unknown form", "int64", "5001010f", object.ErrCorrupt},
		{"reserved bit", "int64", "500101810e00", object.ErrCorrupt},
		{"flags on nulls", "int64", "50010110", object.ErrCorrupt},
		{"deltas of strings", "string", "500101250100", object.ErrCorrupt},
		{"unsigned decimals", "float64", "50010142010200", object.ErrCorrupt},
		{"bytes behind", "int64", "500101010e0000", object.ErrCorrupt},
		{"bytes behind no rows", "int64", "50010000", object.ErrCorrupt},
		{"no base", "int64", "50010101", object.ErrCorrupt},
		{"no width", "int64", "500101010e", object.ErrCorrupt},
		{"odd width", "int64", "500101010e0700", object.ErrCorrupt},
		{"width 72", "int64", "500101010e48000000000000000000", object.ErrCorrupt},
		{"cut planes", "int64", "500102010e0800", object.ErrCorrupt},
		{"cut bitmap", "int64", "50010911", object.ErrCorrupt},
		{"bitmap of nothing", "int64", "5001021100", object.ErrCorrupt},
		{"bitmap of everything", "int64", "5001021103" + "0e00", object.ErrCorrupt},
		{"bitmap beyond rows", "int64", "5001021105" + "0e00", object.ErrCorrupt},
		{"one difference of nothing", "int64", "500101210e0000", object.ErrCorrupt},
		{"300 in int8", "int8", "50010101d80400", object.ErrCorrupt},
		{"-1 in uint64", "uint64", "500101010100", object.ErrCorrupt},
		{"2 in bool", "bool", "500101010400", object.ErrCorrupt},
		{"unsigned in int64", "int64", "50010141ffffffffffffffffff0100", object.ErrCorrupt},
		{"unsigned in float64", "float64", "50010141ffffffffffffffffff0100", object.ErrCorrupt},
		{"2^53+1 in float64", "float64", "50010101" + "8280808080808020" + "00", object.ErrCorrupt},
		{"exponent 0", "float64", "50010102000e00", object.ErrCorrupt},
		{"exponent 18", "float64", "50010102120e00", object.ErrCorrupt},
		{"tenth in float32", "float32", "50010102010200", object.ErrCorrupt},
		{"float64 in float32", "float32", "500101040000000000000000", object.ErrCorrupt},
		{"cut float32", "float32", "50010103000000", object.ErrCorrupt},
		{"cut float64", "float64", "50010104000000", object.ErrCorrupt},
		{"string in int64", "int64", "50010105010000", object.ErrCorrupt},
		{"int in string", "string", "500101010e00", object.ErrCorrupt},
		{"length beyond the page", "string", "50010105010800" + "61", object.ErrCorrupt},
		{"negative length", "string", "500101050101" + "00", object.ErrCorrupt},
		{"lengths with nulls", "string", "500102051101" + "0200" + "61", object.ErrCorrupt},
		{"empty dictionary", "string", "500102060001000000", object.ErrCorrupt},
		{"code without entry", "string", "50010206010102006101" + "0200", object.ErrCorrupt},
		{"negative code", "string", "50010206010102006101" + "0100", object.ErrCorrupt},
		{"decimal of 1 byte", "decimal(20, 0)", "500101050102" + "00" + "61", object.ErrCorrupt},
		{"decimal too large", "decimal(19, 0)", "500101050120" + "00" + strings.Repeat("ff", 16), object.ErrCorrupt},
		{"list without elements", "list<int64>", "5001010701" + "0400", object.ErrCorrupt},
		{"elements beyond the limit", "list<int64>", "5001010701" + "8080808008" + "00" + "010000", object.ErrCorrupt},
		{"struct without member", "struct<a: int64>", "50010109", object.ErrCorrupt},
	} {
		page, err := hex.DecodeString(c.page)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		v := NewVector(mustType(t, c.typ), 0)
		if err := DecodePage(page, v); !errors.Is(err, c.want) {
			t.Errorf("%s: DecodePage(%s) = %v, %q, want %v", c.name, c.page, err, Text(v, 0), c.want)
		}
		if CheckPage(page, v.Type) == nil {
			t.Errorf("%s: CheckPage accepts it", c.name)
		}
	}
}

// Pages that can be read but are not what EncodePage writes.
func TestCheckPageRefuses(t *testing.T) {
	for _, c := range []struct{ name, typ, page string }{
		{"row count in two bytes", "int64", "50018100" + "010e00"},
		{"base in two bytes", "int64", "500101018e0000"},
		{"needless plane", "int64", "500101010e0800"},
		{"base too low", "int64", "500102010008" + "0102"},
		{"needless deltas", "int64", "500102210e000800"},
		{"needless unsigned", "uint64", "500101410700"},
		{"floats as planes", "float64", "50010104000000000000f03f"},
		{"exponent too large", "float64", "5001010202" + "1400"},
		{"bitmap padding", "int64", "500102010e01" + "0a"},
		{"plain instead of dictionary", "string", "500104" + "05010600" + "616161616161616161616161"},
		{"needless dictionary", "string", "500101" + "060101020061" + "010000"},
		{"not UTF-8", "string", "500101" + "05010200" + "ff"},
		{"cut within a character", "string", "500102" + "05010200" + "c3a9"},
	} {
		page, err := hex.DecodeString(c.page)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		v := NewVector(mustType(t, c.typ), 0)
		if err := DecodePage(page, v); err != nil {
			t.Errorf("%s: DecodePage(%s): %v, want a page that is only not canonical", c.name, c.page, err)
		}
		if err := CheckPage(page, v.Type); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: CheckPage(%s) = %v, want ErrCorrupt", c.name, c.page, err)
		}
	}
}

// A few bytes cannot ask for more memory than the limits.
func TestDecodePageBombs(t *testing.T) {
	for _, c := range []struct{ name, typ, page string }{
		{"lists of equal length", "list<int64>", "500104" + "070180400001" + "0000"},
		{"null fixed lists", "fixed_list<int64, 16777216>", "50010800"},
		{"null structs of fixed lists", "struct<a: fixed_list<int64, 16777216>>", "50010800"},
		{"fixed lists, one null", "fixed_list<int64, 16777216>", "5001081801" + "00"},
		{"long dictionary entry", "string", "500180400601" + "018010" + "00" + strings.Repeat("61", 1024) + "010000"},
	} {
		page, err := hex.DecodeString(c.page)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		v := NewVector(mustType(t, c.typ), 0)
		if err := new(PageDecoder).decode(page, v, 10_000, 1<<20); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: decode = %v, want ErrCorrupt", c.name, err)
		}
		if v.SizeBytes() > 1<<21 {
			t.Errorf("%s: %d bytes of memory", c.name, v.SizeBytes())
		}
	}
}
