package column

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseText appends the value of type t that s writes to v, whose type is t:
// the inverse of AppendText. It takes a little more than AppendText writes
// (1 for true, +5, 2.50e1, a blank between date and clock). Empty text is an empty
// string for string, binary and file and an error for other types; whether it
// means null is for the caller to say. On an error v is as before.
func ParseText(t *Type, s string, v *Vector) error {
	switch t.Kind {
	case String, File:
		v.AppendString(s)
		return nil
	case JSON:
		return parseJSONText(s, v)
	case Binary:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return fmt.Errorf("%q is not base64", s)
		}
		v.AppendBytes(b)
		return nil
	case Float32, Float64:
		return parseFloat(t, s, v)
	case Decimal:
		return parseDecimalText(t, s, v)
	case List, FixedList, Struct:
		return parseNested(t, s, v)
	}
	x, err := parseInt(t, s)
	if err != nil {
		return err
	}
	v.AppendInt(x)
	return nil
}

// parseInt reads a value of a type with LayoutInt that is no decimal.
func parseInt(t *Type, s string) (int64, error) {
	switch t.Kind {
	case Bool:
		switch strings.ToLower(s) {
		case "true", "1":
			return 1, nil
		case "false", "0":
			return 0, nil
		}
		return 0, fmt.Errorf("%q is not true or false", s)
	case Date:
		days, rest, err := parseDate(s)
		if err != nil || rest != "" || days != int64(int32(days)) {
			return 0, fmt.Errorf("%q is not a date like 2006-01-02", s)
		}
		return days, nil
	case Timestamp:
		return parseTimestamp(s, t)
	case Uint64:
		x, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not %s", s, t)
		}
		return int64(x), nil
	}
	x, err := strconv.ParseInt(s, 10, 64)
	if lo, hi, _ := t.intRange(); err != nil || x < lo || x > hi {
		return 0, fmt.Errorf("%q is not %s", s, t)
	}
	return x, nil
}

func parseFloat(t *Type, s string, v *Vector) error {
	width := 64
	if t.Kind == Float32 {
		width = 32
	}
	x, err := strconv.ParseFloat(s, width)
	if err != nil || strings.ContainsAny(s, "xXpP_") {
		return fmt.Errorf("%q is not %s", s, t)
	}
	if x != x {
		x = math.NaN()
	}
	if width == 32 {
		v.AppendF32(float32(x))
	} else {
		v.AppendF64(x)
	}
	return nil
}

func parseDecimalText(t *Type, s string, v *Vector) error {
	x, err := parseDecimal(s, t.Precision, t.Scale)
	if err != nil {
		return err
	}
	if t.Layout() == LayoutInt {
		v.AppendInt(int64(x.lo))
		return nil
	}
	var b [decimalSize]byte
	v.AppendBytes(appendLong(b[:0], x))
	return nil
}

// parseJSONText appends s, without blanks between tokens, if it is JSON.
func parseJSONText(s string, v *Vector) error {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return fmt.Errorf("%q is not JSON: %w", s, err)
	}
	v.AppendBytes(b.Bytes())
	return nil
}

// parseNested appends the list or struct that the JSON text s writes.
func parseNested(t *Type, s string, v *Vector) error {
	if !json.Valid([]byte(s)) {
		return fmt.Errorf("%q is not the JSON of a %s", s, t)
	}
	// A list whose fifth element is wrong must leave nothing behind.
	w := NewVector(t, 1)
	if err := parseJSON(t, []byte(s), w); err != nil {
		return err
	}
	v.AppendFrom(w, 0, 1)
	return nil
}

// parseJSON appends the value that valid JSON text writes, in the form of
// AppendJSON. On an error v may hold a part of it.
func parseJSON(t *Type, b []byte, v *Vector) error {
	b = bytes.TrimSpace(b)
	if string(b) == "null" && t.Kind != JSON {
		v.AppendNull()
		return nil
	}
	switch t.Kind {
	case List, FixedList:
		return parseJSONList(t, b, v)
	case Struct:
		return parseJSONStruct(t, b, v)
	case JSON:
		return ParseText(t, string(b), v)
	}
	s := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
	} else if b[0] == '[' || b[0] == '{' || !t.fromBareJSON() {
		return fmt.Errorf("%s is not %s", b, t)
	}
	return ParseText(t, s, v)
}

// fromBareJSON reports whether values of type t are numbers or booleans in
// JSON rather than strings.
func (t *Type) fromBareJSON() bool { return t.Kind == Bool || t.Kind.IsNumeric() }

func parseJSONList(t *Type, b []byte, v *Vector) error {
	var elems []json.RawMessage
	if err := json.Unmarshal(b, &elems); err != nil {
		return fmt.Errorf("%s is not %s", b, t)
	}
	if t.Kind == FixedList && len(elems) != t.Size {
		return fmt.Errorf("want %d values, have %d", t.Size, len(elems))
	}
	for _, e := range elems {
		if err := parseJSON(t.Elem, e, v.Kids[0]); err != nil {
			return err
		}
	}
	v.EndList()
	return nil
}

func parseJSONStruct(t *Type, b []byte, v *Vector) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return fmt.Errorf("%s is not %s", b, t)
	}
	known := 0
	for i, f := range t.Fields {
		e, ok := members[f.Name]
		if !ok {
			v.Kids[i].AppendNull()
			continue
		}
		known++
		if err := parseJSON(f.Type, e, v.Kids[i]); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if known < len(members) {
		return fmt.Errorf("%s has members that %s has not", b, t)
	}
	v.EndStruct()
	return nil
}
