package column

import (
	"bytes"
	"unicode/utf8"
)

// CheckPage reports what is wrong with the page object b of values of type t:
// that it cannot be decoded, that it is not the canonical encoding of its
// values, or that text is not UTF-8. It is nil for every page that EncodePage
// writes of values that fit t.
func CheckPage(b []byte, t *Type) error {
	return checkPage(b, t, maxPageValues, maxPageBytes)
}

func checkPage(b []byte, t *Type, values, size int) error {
	v := NewVector(t, 0)
	if err := new(PageDecoder).decode(b, v, values, size); err != nil {
		return err
	}
	if !bytes.Equal(EncodePage(nil, v, 0, v.Len), b) {
		return formatError("not in canonical form")
	}
	return v.checkText()
}

// checkText reports text that is not UTF-8.
func (v *Vector) checkText() error {
	switch v.Type.Kind {
	case String, File, JSON:
		if !utf8.Valid(v.Bytes) {
			return formatError("%s that is not UTF-8", v.Type)
		}
		for i, at := range v.Offs {
			if int(at) < len(v.Bytes) && !utf8.RuneStart(v.Bytes[at]) {
				return formatError("%s %d begins within a character", v.Type, i)
			}
		}
	}
	for _, k := range v.Kids {
		if err := k.checkText(); err != nil {
			return err
		}
	}
	return nil
}
