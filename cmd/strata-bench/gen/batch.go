package gen

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
)

// schema returns the types of the columns, as Parquet files have them.
func schema(names []string) (*column.Schema, error) {
	s := &column.Schema{}
	for _, name := range names {
		var t *column.Type
		switch name {
		case "id":
			t = column.Of(column.Int64)
		case "score", "confidence", "reading", "quality", "speed":
			t = column.Of(column.Float64)
		case "captured_at":
			t = column.TimestampOf(column.Micro, "UTC")
		case "verified":
			t = column.Of(column.Bool)
		case "camera", "weather", "country", "split", "label", "text":
			t = column.Of(column.String)
		default:
			return nil, fmt.Errorf("no column is called %q", name)
		}
		s.Fields = append(s.Fields, column.NewField(name, t))
	}
	return s, nil
}

// appendVectors appends r to b, whose columns are a's.
func (a *appender) appendVectors(b *column.Batch, r *row) {
	for i, name := range a.columns {
		v := b.Cols[i]
		switch name {
		case "id":
			v.AppendInt(r.id)
		case "camera":
			v.AppendString(a.g.cameraNames[r.camera])
		case "weather":
			v.AppendString(a.weather[r.weather])
		case "country":
			v.AppendString(a.g.countryNames[r.country])
		case "score", "confidence":
			v.AppendF64(float64(r.score) / 10000)
		case "reading":
			v.AppendF64(r.reading)
		case "quality":
			v.AppendF64(r.quality)
		case "captured_at":
			v.AppendInt(r.captured * 1e6)
		case "split":
			v.AppendString(r.split)
		case "label":
			v.AppendString(a.labels[r.label])
		case "text":
			v.AppendBytes(r.text)
		case "speed":
			if r.speed < 0 {
				v.AppendNull()
			} else {
				v.AppendF64(float64(r.speed) / 10)
			}
		case "verified":
			v.AppendBool(r.verified)
		}
	}
	b.Len++
}
