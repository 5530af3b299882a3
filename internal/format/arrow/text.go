package arrow

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/strata-data/strata/internal/column"
)

func decimalText(x *big.Int, scale int) string {
	sign := ""
	if x.Sign() < 0 {
		sign = "-"
	}
	s := new(big.Int).Abs(x).String()
	if scale == 0 {
		return sign + s
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale+1-len(s)) + s
	}
	return sign + s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// clock appends times of day as 15:04:05 with the fraction that is needed.
func clock[A arrow.Array](u column.Unit, value func(A, int) int64) func(*column.Vector, arrow.Array, int) error {
	return func(v *column.Vector, a arrow.Array, i int) error {
		t, per, sign := value(a.(A), i), u.PerSecond(), ""
		if t < 0 {
			t, sign = -t, "-"
		}
		s := t / per
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, s/3600, s/60%60, s%60)
		if frac := t % per; frac != 0 {
			text += "." + strings.TrimRight(strconv.FormatInt(per+frac, 10)[1:], "0")
		}
		v.AppendString(text)
		return nil
	}
}

func appendUUID(v *column.Vector, a arrow.Array, i int) error {
	b := bytesAt(a, i)
	v.AppendString(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
	return nil
}

// jsonConverter reads text of the extension arrow.json, without white space
// and needless escapes.
func jsonConverter(f arrow.Field, depth int) (converter, error) {
	f.Metadata = arrow.Metadata{}
	c, err := converterOf(f, depth+1)
	if err != nil || c.typ.Kind != column.String {
		return c, err
	}
	text := c.append
	return converter{column.Of(column.JSON), func(v *column.Vector, a arrow.Array, from, to int) error {
		tmp := column.NewVector(column.Of(column.String), to-from)
		if err := text(tmp, a, from, to); err != nil {
			return err
		}
		for i := range tmp.Len {
			if tmp.IsNull(i) {
				v.AppendNull()
				continue
			}
			j := append(jsontext.Value(nil), tmp.At(i)...)
			if err := j.Format(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(false)); err != nil {
				return malformed("value %.40q is not JSON: %v", tmp.At(i), err)
			}
			if err := appendBytes(v, j); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}
