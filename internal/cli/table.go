package cli

import (
	"strings"
	"unicode/utf8"
)

// printTable prints rows of cells in columns, two spaces apart but three behind
// the first. align has l or r for each column. Cells that are empty in all rows
// take no room, spaces at the ends of lines are cut.
func (e *Env) printTable(rows [][]string, align string) {
	var b strings.Builder
	for _, line := range tableLines(rows, align) {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	e.Printf("%s", b.String())
}

// tableLines lays out rows as printTable prints them.
func tableLines(rows [][]string, align string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], textWidth(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if widths[i] == 0 {
				continue
			}
			if b.Len() > 0 {
				b.WriteString("   ")
			}
			pad := strings.Repeat(" ", widths[i]-textWidth(cell))
			if i < len(align) && align[i] == 'r' {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// textWidth counts the characters of s without colour codes.
func textWidth(s string) int {
	n := 0
	for {
		at := strings.Index(s, "\x1b[")
		if at < 0 {
			return n + utf8.RuneCountInString(s)
		}
		n += utf8.RuneCountInString(s[:at])
		end := strings.IndexByte(s[at:], 'm')
		if end < 0 {
			return n
		}
		s = s[at+end+1:]
	}
}
