package gen

import (
	"bytes"
	"strconv"
	"time"
)

// appender writes rows of one format with the columns of one table.
type appender struct {
	g       *Generator
	columns []string
	weather []string
	labels  []string
	csv     bool
}

func (a *appender) appendHeader(dst []byte) []byte {
	if !a.csv {
		return dst
	}
	for i, name := range a.columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, name...)
	}
	return append(dst, '\n')
}

func (a *appender) appendRow(dst []byte, r *row) []byte {
	for i, name := range a.columns {
		switch {
		case a.csv && i > 0:
			dst = append(dst, ',')
		case !a.csv:
			dst = append(dst, "{,"[min(i, 1)], '"')
			dst = append(append(dst, name...), '"', ':')
		}
		dst = a.appendCell(dst, name, r)
	}
	if !a.csv {
		dst = append(dst, '}')
	}
	return append(dst, '\n')
}

func (a *appender) appendCell(dst []byte, name string, r *row) []byte {
	switch name {
	case "id":
		return strconv.AppendInt(dst, r.id, 10)
	case "camera":
		return a.appendWord(dst, a.g.cameraNames[r.camera])
	case "weather":
		return a.appendWord(dst, a.weather[r.weather])
	case "country":
		return a.appendWord(dst, a.g.countryNames[r.country])
	case "score", "confidence":
		dst = append(dst, '0'+byte(r.score/10000), '.')
		return append(dst, '0'+byte(r.score/1000%10), '0'+byte(r.score/100%10), '0'+byte(r.score/10%10), '0'+byte(r.score%10))
	case "reading":
		return strconv.AppendFloat(dst, r.reading, 'f', -1, 64)
	case "quality":
		return strconv.AppendFloat(dst, r.quality, 'f', -1, 64)
	case "captured_at":
		return a.appendTime(dst, r.captured)
	case "split":
		return a.appendWord(dst, r.split)
	case "label":
		return a.appendWord(dst, a.labels[r.label])
	case "text":
		return a.appendQuoted(dst, r.text)
	case "speed":
		if r.speed < 0 {
			if !a.csv {
				dst = append(dst, "null"...)
			}
			return dst
		}
		dst = strconv.AppendInt(dst, r.speed/10, 10)
		return append(dst, '.', '0'+byte(r.speed%10))
	default: // verified
		return strconv.AppendBool(dst, r.verified)
	}
}

// appendWord appends a value that needs no escapes.
func (a *appender) appendWord(dst []byte, s string) []byte {
	if a.csv {
		return append(dst, s...)
	}
	return append(append(append(dst, '"'), s...), '"')
}

func (a *appender) appendTime(dst []byte, unix int64) []byte {
	if !a.csv {
		dst = append(dst, '"')
	}
	dst = time.Unix(unix, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	if !a.csv {
		dst = append(dst, '"')
	}
	return dst
}

// appendQuoted appends text, quoted as most programs do: where CSV needs it.
func (a *appender) appendQuoted(dst, text []byte) []byte {
	quote, escape := bytes.IndexByte(text, '"') >= 0, byte('"')
	if a.csv && !quote && bytes.IndexByte(text, ',') < 0 {
		return append(dst, text...)
	}
	if !a.csv {
		escape = '\\'
	}
	dst = append(dst, '"')
	if !quote {
		return append(append(dst, text...), '"')
	}
	for _, c := range text {
		if c == '"' {
			dst = append(dst, escape)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
