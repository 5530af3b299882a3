package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/strata-data/strata/pkg/strata"
)

// dateLayout is how people see times, as in git log.
const dateLayout = "Mon Jan 2 15:04:05 2006 -0700"

// logPrinter prints the commits of a log, one after the other.
type logPrinter struct {
	env   *Env
	o     *logOptions
	st    style
	graph *graph
	n     int
}

func newLogPrinter(env *Env, o *logOptions) *logPrinter {
	p := &logPrinter{env: env, o: o, st: env.Style()}
	if o.graph {
		p.graph = &graph{}
	}
	return p
}

func (p *logPrinter) print(e *strata.LogEntry) {
	var lines []string
	long := false
	switch {
	case p.o.format != "":
		lines = strings.Split(formatCommit(p.st, e, formatOf(p.o.format)), "\n")
	case p.o.oneline:
		lines = []string{p.oneLine(e)}
	default:
		long = true
		lines = commitLines(p.st, e, p.o.decorate)
	}
	if p.o.Stat {
		if stat := statLines(p.st, e.Datasets); len(stat) > 0 {
			if long {
				lines = append(lines, "")
			}
			lines = append(lines, stat...)
		}
	}
	if happened := happenedLines(p.st, e); (!p.o.oneline || len(happened) > 1) && len(happened) > 0 && p.o.format == "" {
		if long {
			lines = append(lines, "")
		}
		lines = append(lines, happened...)
	}
	if long && p.graph == nil && p.n > 0 {
		p.env.Printf("\n")
	}
	if long && p.graph != nil {
		lines = append(lines, "")
	}
	p.n++
	if p.graph != nil {
		lines = p.graph.draw(e.ID, e.Edges, lines)
	}
	p.env.Printf("%s\n", strings.Join(lines, "\n"))
}

// sampleWidth is how wide the change of a sample is before the subject.
const sampleWidth = 24

// oneLine is a commit in one line; of a sample's log also what happened to it.
func (p *logPrinter) oneLine(e *strata.LogEntry) string {
	line := p.st.ID(e.ID.Short()) + " "
	if p.o.decorate {
		line += refText(p.st, e.Refs)
	}
	if text := happened(e); text != "" {
		line += text + strings.Repeat(" ", max(sampleWidth-textWidth(text), 0)+1)
	}
	return strings.TrimRight(line+e.Subject, " ")
}

// refText is the names of a commit in brackets, with a space behind.
func refText(st style, refs []string) string {
	if len(refs) == 0 {
		return ""
	}
	painted := make([]string, len(refs))
	for i, r := range refs {
		painted[i] = st.Ref(r)
	}
	return "(" + strings.Join(painted, ", ") + ") "
}

// commitLines is the long form of a commit.
func commitLines(st style, e *strata.LogEntry, decorate bool) []string {
	head := st.ID("commit " + e.ID.String())
	if refs := refText(st, e.Refs); refs != "" && decorate {
		head += " " + strings.TrimSuffix(refs, " ")
	}
	lines := []string{head}
	if len(e.Parents) > 1 {
		var short []string
		for _, id := range e.Parents {
			short = append(short, id.Short())
		}
		lines = append(lines, "Merge: "+strings.Join(short, " "))
	}
	if e.Signature != nil {
		lines = append(lines, "Signature: "+signatureText(st, e.Signature))
	}
	lines = append(lines, "Author: "+personText(e.Author), "Date:   "+e.Author.Time.Format(dateLayout))
	return append(lines, messageLines(e.Message)...)
}

func messageLines(message string) []string {
	lines := []string{""}
	for line := range strings.SplitSeq(strings.TrimRight(message, "\n"), "\n") {
		lines = append(lines, strings.TrimRight("    "+line, " "))
	}
	return lines
}

func personText(p strata.Person) string { return p.Name + " <" + p.Email + ">" }

// statLines is one line for each dataset of a commit and the sum.
func statLines(st style, changes []strata.DatasetChange) []string {
	var rows [][]string
	for _, d := range changes {
		name, note := d.Name, ""
		switch d.Change {
		case "A":
			note = "new"
		case "D":
			note = "deleted"
		}
		rows = append(rows, []string{" " + name, changeText(st, d.Added, d.Removed, d.Modified, len(d.SchemaChanges) > 0), note})
	}
	if len(rows) == 0 {
		return nil
	}
	return append(tableLines(rows, "lll"), " "+shortStat(changes))
}

// happened is what a commit does to the one sample of a log, "" for several.
func happened(e *strata.LogEntry) string {
	switch {
	case len(e.Samples) == 1 && len(e.Renamed) == 0:
		return sampleText(e.Samples[0])
	case len(e.Samples) == 0 && len(e.Renamed) == 1:
		return "renamed from " + e.Renamed[0].From
	}
	return ""
}

// happenedLines is what a commit does to what a log is about, a line each.
func happenedLines(st style, e *strata.LogEntry) []string {
	var lines []string
	for _, r := range e.Renamed {
		lines = append(lines, " "+st.Modified(">")+" "+r.To+"   renamed from "+r.From)
	}
	for _, s := range e.Samples {
		sign := st.Modified("~")
		switch s.Change {
		case "A":
			sign = st.Added("+")
		case "D":
			sign = st.Removed("-")
		}
		lines = append(lines, " "+sign+" "+s.Dataset+"/"+s.Key+"   "+sampleText(s))
	}
	return lines
}

// sampleText is what happened to a sample: added, removed, label dog→wolf.
func sampleText(s strata.SampleChange) string {
	switch s.Change {
	case "A":
		return "added"
	case "D":
		return "removed"
	}
	var parts []string
	for _, c := range s.Cells {
		parts = append(parts, c.Column+" "+cellText(c.OldText)+"→"+cellText(c.NewText))
	}
	return strings.Join(parts, ", ")
}

// maxCell is how many characters of a value a line shows.
const maxCell = 40

// cellText is a value in one line, cut where it is long.
func cellText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxCell {
		return string(r[:maxCell-1]) + "…"
	}
	return s
}

// formatOf returns the text of --format; git's names of formats and its prefixes
// are understood.
func formatOf(s string) string {
	for _, prefix := range []string{"format:", "tformat:"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return rest
		}
	}
	if s == "oneline" {
		return "%H %s"
	}
	return s
}

// formatCommit replaces git's placeholders in text.
func formatCommit(st style, e *strata.LogEntry, text string) string {
	var long, short []string
	for _, id := range e.Parents {
		long, short = append(long, id.String()), append(short, id.Short())
	}
	_, body, _ := strings.Cut(strings.TrimRight(e.Message, "\n"), "\n\n")
	refs := ""
	if len(e.Refs) > 0 {
		refs = " (" + strings.Join(e.Refs, ", ") + ")"
	}
	values := []string{"%%", "%", "%n", "\n", "%H", e.ID.String(), "%h", st.ID(e.ID.Short()), "%T", e.Tree.String(), "%t", e.Tree.Short(),
		"%P", strings.Join(long, " "), "%p", strings.Join(short, " "), "%s", e.Subject, "%b", body, "%B", strings.TrimRight(e.Message, "\n"),
		"%D", strings.Join(e.Refs, ", "), "%d", refs}
	for _, who := range []struct {
		letter string
		p      strata.Person
	}{{"%a", e.Author}, {"%c", e.Committer}} {
		values = append(values, who.letter+"n", who.p.Name, who.letter+"e", who.p.Email, who.letter+"d", who.p.Time.Format(dateLayout),
			who.letter+"I", who.p.Time.Format(time.RFC3339), who.letter+"s", who.p.Time.Format("2006-01-02"),
			who.letter+"t", unixText(who.p.Time))
	}
	if s := e.Signature; s != nil {
		values = append(values, "%G?", signatureLetter(s), "%GS", safeText(s.Signer), "%GK", safeText(s.Key))
	}
	return strings.NewReplacer(values...).Replace(text)
}

func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
