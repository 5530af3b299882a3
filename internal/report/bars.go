package report

import "strings"

// Bars draws counts as one character each: eighths of blocks, or signs of ASCII
// that rise. A count above 0 is never blank.
func (o Options) Bars(counts []uint64) string {
	steps := []rune(o.sign(" ▁▂▃▄▅▆▇█", " .:-=+*#%@"))
	var most uint64
	for _, n := range counts {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range counts {
		step := 0
		if n > 0 {
			step = 1 + int(float64(n)/float64(most)*float64(len(steps)-2)+0.5)
			step = min(step, len(steps)-1)
		}
		b.WriteRune(steps[step])
	}
	return b.String()
}
