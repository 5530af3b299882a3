package csv

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
)

// dialect is how the records of one file are written (docs/format/csv.md).
type dialect struct {
	delim byte
	space bool // one space behind every delimiter
	crlf  bool
	cols  []spelling
}

// spelling is how the values of one column are written.
type spelling struct {
	quote      policy
	null       string
	nullQuoted bool
	form       form
}

// policy says which values stand in quotes.
type policy uint8

const (
	quoteMinimal policy = iota // those that hold a delimiter, a quote or a line end
	quoteAlways                // all
	quoteBare                  // as minimal, but a quote alone, not at the beginning, is no reason
)

var policyNames = [...]string{"minimal", "always", "bare"}

// form is how values of a type are written; which of its parts count depends
// on kind.
type form struct {
	kind  formKind
	word  uint8 // formBool: of boolWords
	style int8  // formFloat: styleRepr, styleShort, or the number of decimals
	nan   uint8 // formFloat: of nanWords
	inf   uint8 // formFloat: of infWords
	time  timeForm
}

type formKind uint8

const (
	formPlain formKind = iota // there is one way
	formBool
	formFloat
	formTime
)

const (
	styleRepr  = -1 // as Python: 1.0, 1e-05
	styleShort = -2 // as JavaScript: 1, 1e-7
)

var (
	boolWords = [...][2]string{{"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"}}
	nanWords  = [...]string{"nan", "NaN"}
	infWords  = [...][2]string{{"-inf", "inf"}, {"-Inf", "Inf"}, {"-Inf", "+Inf"}, {"-Infinity", "Infinity"}, {"-INF", "INF"}}
	// nullWords are the spellings of a null beside the empty field. The first
	// two are numbers in a float column.
	nullWords = [...]string{"nan", "NaN", "NA", "N/A", "null", "NULL", "None", `\N`, "?", "-"}
)

// formOf returns the form of a type in which nothing was seen yet.
func formOf(t *column.Type) form {
	switch t.Kind {
	case column.Bool:
		return form{kind: formBool}
	case column.Float32, column.Float64:
		return form{kind: formFloat, style: styleShort}
	case column.Timestamp:
		f := form{kind: formTime, time: timeForm{sep: ' ', frac: fracShortest}}
		if t.Zone != "" {
			f.time.sep, f.time.zone = 'T', zoneZ
			if off, ok := zoneMinutes(t.Zone); ok {
				f.time.zone, f.time.off = zoneOffset, off
			}
		}
		return f
	}
	return form{}
}

// zoneMinutes reads a zone such as +02:00.
func zoneMinutes(zone string) (int16, bool) {
	var s stamp
	if len(zone) != 6 || !s.suffix([]byte(zone)) {
		return 0, false
	}
	return s.off, true
}

const dialectMagic = "strata csv 1\n"

func (d *dialect) encode() []byte {
	b := []byte(dialectMagic)
	b = fmt.Appendf(b, "delimiter 0x%02x\n", d.delim)
	b = fmt.Appendf(b, "space %t\n", d.space)
	b = fmt.Appendf(b, "crlf %t\n", d.crlf)
	for _, c := range d.cols {
		how := "bare"
		if c.nullQuoted {
			how = "quoted"
		}
		b = fmt.Appendf(b, "column %s %s:%s %s\n", policyNames[c.quote], how, c.null, c.form)
	}
	return b
}

// String writes f as one word.
func (f form) String() string {
	switch f.kind {
	case formBool:
		return "bool:" + boolWords[f.word][1]
	case formFloat:
		style := strconv.Itoa(int(f.style))
		switch f.style {
		case styleRepr:
			style = "repr"
		case styleShort:
			style = "short"
		}
		return "float:" + style + ":" + nanWords[f.nan] + ":" + infWords[f.inf][1]
	case formTime:
		frac := strconv.Itoa(int(f.time.frac))
		switch f.time.frac {
		case fracMinutes:
			frac = "minutes"
		case fracShortest:
			frac = "shortest"
		case fracPython:
			frac = "python"
		}
		sep := "space"
		if f.time.sep == 'T' {
			sep = "T"
		}
		zone := "none"
		switch f.time.zone {
		case zoneZ:
			zone = "Z"
		case zoneOffset:
			zone = string(appendOffset(nil, f.time.off))
		}
		return "time:" + sep + ":" + frac + ":" + zone
	}
	return "plain"
}

// decodeDialect is the inverse of encode. It rejects everything that encode
// would not write.
func decodeDialect(b []byte) (*dialect, error) {
	d, err := readDialect(string(b))
	if err == nil && string(d.encode()) != string(b) {
		err = fmt.Errorf("not canonical")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: csv dialect: %v", object.ErrCorrupt, err)
	}
	return d, nil
}

func readDialect(s string) (*dialect, error) {
	rest, ok := strings.CutPrefix(s, dialectMagic)
	if !ok {
		return nil, fmt.Errorf("no %q at the beginning", strings.TrimSpace(dialectMagic))
	}
	d := new(dialect)
	for n, line := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n") {
		w := strings.Split(line, " ")
		bad := fmt.Errorf("line %q", line)
		switch {
		case n < 3 && len(w) != 2:
			return nil, bad
		case n == 0:
			v, err := strconv.ParseUint(w[1], 0, 8)
			if err != nil || !goodDelimiter(byte(v)) {
				return nil, bad
			}
			d.delim = byte(v)
		case n == 1:
			d.space = w[1] == "true"
		case n == 2:
			d.crlf = w[1] == "true"
		default:
			c, ok := readSpelling(w)
			if !ok {
				return nil, bad
			}
			d.cols = append(d.cols, c)
		}
	}
	return d, nil
}

func goodDelimiter(c byte) bool { return c != 0 && c < 0x80 && c != '"' && c != '\r' && c != '\n' }

func readSpelling(w []string) (c spelling, ok bool) {
	if len(w) != 4 {
		return c, false
	}
	q := find(policyNames[:], w[1])
	how, null, _ := strings.Cut(w[2], ":")
	if q < 0 || null != "" && find(nullWords[:], null) < 0 {
		return c, false
	}
	c.quote, c.null, c.nullQuoted = policy(q), null, how == "quoted"
	c.form, ok = readForm(strings.SplitN(w[3], ":", 4))
	return c, ok
}

func readForm(w []string) (f form, ok bool) {
	switch {
	case len(w) == 1 && w[0] == "plain":
		return f, true
	case len(w) == 2 && w[0] == "bool":
		f.kind = formBool
		i := findPair(boolWords[:], w[1])
		f.word = uint8(i)
		return f, i >= 0
	case len(w) == 4 && w[0] == "float":
		f.kind = formFloat
		nan, inf := find(nanWords[:], w[2]), findPair(infWords[:], w[3])
		if nan < 0 || inf < 0 {
			return f, false
		}
		f.nan, f.inf = uint8(nan), uint8(inf)
		f.style, ok = smallNumber(w[1], map[string]int8{"repr": styleRepr, "short": styleShort}, maxFixed)
		return f, ok
	case len(w) == 4 && w[0] == "time":
		f.kind = formTime
		if f.time.frac, ok = smallNumber(w[2], map[string]int8{"minutes": fracMinutes, "shortest": fracShortest, "python": fracPython}, 9); !ok {
			return f, false
		}
		f.time.sep = map[string]byte{"space": ' ', "T": 'T'}[w[1]]
		switch w[3] {
		case "none":
		case "Z":
			f.time.zone = zoneZ
		default:
			f.time.zone = zoneOffset
			if f.time.off, ok = zoneMinutes(w[3]); !ok {
				return f, false
			}
		}
		return f, f.time.sep != 0
	}
	return f, false
}

func smallNumber(s string, words map[string]int8, limit int) (int8, bool) {
	if v, ok := words[s]; ok {
		return v, true
	}
	n, err := strconv.Atoi(s)
	return int8(n), err == nil && n >= 0 && n <= limit
}

func find(words []string, w string) int {
	for i, x := range words {
		if x == w {
			return i
		}
	}
	return -1
}

func findPair(words [][2]string, w string) int {
	for i, x := range words {
		if x[1] == w {
			return i
		}
	}
	return -1
}
