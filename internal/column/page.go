package column

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// The layout of a page (docs/format/page.md):
//
//	'P' 1  rows <uvarint>  block
//	block: tag <1>  validity <(n+7)/8 bytes, if tagMixed>  body of the rows that are not null
//
// The block of 0 rows is empty.

// MaxPageRows is the greatest number of rows of a page.
const MaxPageRows = 1 << 20

// A page decodes to at most so many values, nested ones counted too, and so
// many bytes of strings, whatever it says.
const (
	maxPageValues = 1 << 26
	maxPageBytes  = 1 << 30
)

// The forms of a block, in the low bits of its tag.
const (
	formNull = iota
	formInt
	formDecimal
	formF32
	formF64
	formPlain
	formDict
	formList
	formFixed
	formStruct

	formMask    = 0x0F
	tagMixed    = 0x10 // validity bitmap follows
	tagDelta    = 0x20 // integers as differences
	tagUnsigned = 0x40 // an integer exceeds the greatest int64
	tagReserved = 0x80
)

// maxDict is the greatest number of entries of a dictionary.
const maxDict = 255

// PageRows returns the number of rows of the page object b.
func PageRows(b []byte) (int, error) {
	n, _, err := pageHead(b)
	return n, err
}

// pageHead checks the head of a page and returns its rows and its block.
func pageHead(b []byte) (rows int, block []byte, err error) {
	p, err := object.Payload(b, object.KindPage)
	if err != nil {
		return 0, nil, err
	}
	n, k := binary.Uvarint(p)
	if k <= 0 || n > MaxPageRows {
		return 0, nil, fmt.Errorf("%w: page: bad row count", object.ErrCorrupt)
	}
	return int(n), p[k:], nil
}

// ErrTooLarge is returned by PageFits for values that are too many or too long
// for one page.
var ErrTooLarge = errors.New("too large for one page")

// PageFits returns ErrTooLarge if values from..to of v may make a page that
// DecodePage refuses for its size: more than MaxPageRows rows, 2^26 values
// (those within lists and structs counted too) or 1 GiB of text. Its cost does
// not depend on the number of values.
func PageFits(v *Vector, from, to int) error {
	values, text := v.extent(from, to)
	switch {
	case to-from > MaxPageRows:
		return fmt.Errorf("%w: %d rows", ErrTooLarge, to-from)
	case values > maxPageValues:
		return fmt.Errorf("%w: %d values", ErrTooLarge, values)
	case text > maxPageBytes:
		return fmt.Errorf("%w: %d bytes of text", ErrTooLarge, text)
	}
	return nil
}

// extent counts the values from..to with all that lies within them, and the
// bytes of text.
func (v *Vector) extent(from, to int) (values, text int) {
	values = to - from
	switch v.Type.Layout() {
	case LayoutBytes:
		text = int(v.Offs[to]) - int(v.Offs[from])
	case LayoutList, LayoutFixed:
		if from == to {
			return 0, 0
		}
		first, _ := v.Span(from)
		_, end := v.Span(to - 1)
		n, t := v.Kids[0].extent(first, end)
		values, text = values+n, t
	case LayoutStruct:
		for _, k := range v.Kids {
			n, t := k.extent(from, to)
			values, text = values+n, text+t
		}
	}
	return values, text
}

// formatError is a page that breaks the rules of docs/format/page.md.
func formatError(format string, args ...any) error {
	return fmt.Errorf("%w: page: %s", object.ErrCorrupt, fmt.Sprintf(format, args...))
}
