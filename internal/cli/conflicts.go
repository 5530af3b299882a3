package cli

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type conflictsOptions struct {
	strata.ConflictsOptions
	limit          int
	count, jsonl   bool
	format, output string
}

func newConflictsCmd(env *Env) *cobra.Command {
	o := &conflictsOptions{limit: 20}
	cmd := &cobra.Command{
		Use:   "conflicts [DATASET[/KEY]...]",
		Short: "Show what two sides changed in different ways",
		Long: "Counts first, then the first cells with the value that they came from and those of\n" +
			"both sides. With --format they are a table of the columns dataset, key, column,\n" +
			"kind, base, ours and theirs; filled in with a column resolved it goes to\n" +
			"strata resolve --from. A line without a column is about a whole sample, one without\n" +
			"a key about a column or all of the dataset.",
		Example:           "  strata conflicts\n  strata conflicts 'train/0001*' --columns label\n  strata conflicts --format csv -o conflicts.csv",
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Addresses = args
			return runConflicts(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.Columns, "columns", nil, "only those of the columns `C,...`")
	f.IntVar(&o.limit, "limit", o.limit, "show at most `N` of each dataset; 0 for all")
	f.BoolVar(&o.count, "count", false, "print their number only")
	f.BoolVar(&o.jsonl, "jsonl", false, "one JSON object a conflict, between a header and a footer")
	f.StringVar(&o.format, "format", "", "write them as a table: `FORMAT` is csv, tsv, jsonl, parquet or arrow")
	f.StringVarP(&o.output, "output", "o", "-", "with --format: write to `FILE`, - for standard output")
	cmd.MarkFlagsMutuallyExclusive("count", "jsonl", "format")
	return cmd
}

func (o *conflictsOptions) check(env *Env) error {
	switch {
	case env.Flags.JSON && (o.jsonl || o.format != ""):
		return usagef("strata help conflicts", "--json and %s are two forms of output", map[bool]string{true: "--jsonl", false: "--format"}[o.jsonl])
	case o.output != "-" && o.format == "":
		return usagef("add --format csv, jsonl or parquet", "--output needs --format")
	case o.output == "-" && env.Terminal.Out && isBinary(o.format):
		return usagef("add -o FILE", "%s is not for terminals", o.format)
	case o.limit < 0:
		return &Failure{Slug: "bad-value", Message: "--limit cannot be negative"}
	}
	return nil
}

func runConflicts(ctx context.Context, env *Env, o *conflictsOptions) error {
	if err := o.check(env); err != nil {
		return err
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	for i := range o.Addresses {
		if err := env.datasetAddress(ctx, r, &o.Addresses[i]); err != nil {
			return err
		}
	}
	c, err := r.Conflicts(ctx, o.ConflictsOptions)
	if errors.Is(err, strata.ErrNothingUnfinished) {
		return noConflicts(env, o)
	}
	if err != nil {
		return err
	}
	switch {
	case o.format != "" && o.output != "-":
		n, err := c.ExportFile(ctx, env.Path(o.output), o.format)
		if err == nil {
			env.Notef("%s to %s", plural(n, "conflict"), o.output)
		}
		return err
	case o.format != "":
		_, err := c.Export(ctx, env.Out, o.format, true)
		return err
	case o.jsonl:
		return jsonlConflicts(ctx, env, c)
	}
	sum, err := c.Summary(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.count:
		env.Printf("%d\n", sum.Total)
		return nil
	case env.Flags.JSON:
		sum.Conflicts = []*strata.Conflict{}
		for x, err := range c.All(ctx) {
			if err != nil {
				return err
			}
			sum.Conflicts = append(sum.Conflicts, x)
		}
		return env.PrintJSON(sum)
	}
	return printConflicts(ctx, env, o, c, sum)
}

// noConflicts is the answer where nothing has stopped.
func noConflicts(env *Env, o *conflictsOptions) error {
	switch {
	case o.count:
		env.Printf("0\n")
		return nil
	case env.Flags.JSON:
		return env.PrintJSON(strata.ConflictsDocument{Schema: "strata.conflicts/1", Names: []string{}, Datasets: []strata.ConflictCount{}})
	case o.jsonl:
		if err := env.PrintJSONLine(map[string]string{"schema": "strata.conflicts/1"}); err != nil {
			return err
		}
		return env.PrintJSONLine(map[string]int{"conflicts": 0})
	}
	env.Notef("nothing is in conflict")
	return nil
}

func jsonlConflicts(ctx context.Context, env *Env, c *strata.Conflicts) error {
	if err := env.PrintJSONLine(map[string]string{"schema": "strata.conflicts/1"}); err != nil {
		return err
	}
	n := 0
	for x, err := range c.All(ctx) {
		if err == nil {
			err = env.PrintJSONLine(x)
		}
		if err != nil {
			return err
		}
		n++
	}
	return env.PrintJSONLine(map[string]int{"conflicts": n})
}

func printConflicts(ctx context.Context, env *Env, o *conflictsOptions, c *strata.Conflicts, sum *strata.ConflictsDocument) error {
	if sum.Total == 0 {
		env.Notef("no conflict is left")
		return nil
	}
	if err := env.Page(ctx); err != nil {
		return err
	}
	st := env.Style()
	for _, d := range sum.Datasets {
		env.Printf("%s   %s: %s\n", d.Dataset, plural(d.Conflicts, "conflict"), conflictParts(&d))
	}
	rows := [][]string{{"dataset", "key", "column", "kind", "base", "ours", "theirs"}}
	shown := map[string]int{}
	for x, err := range c.All(ctx) {
		if err != nil {
			return err
		}
		if shown[x.Dataset]++; o.limit > 0 && shown[x.Dataset] > o.limit {
			if all(sum, shown, o.limit) {
				break
			}
			continue
		}
		rows = append(rows, []string{x.Dataset, x.Key, x.Column, x.Kind, conflictCell(x, x.Base),
			st.Removed(conflictCell(x, x.Ours)), st.Added(conflictCell(x, x.Theirs))})
		if len(rows) == 1000 {
			env.printTable(rows, "lllllll")
			rows = rows[:0]
		}
	}
	env.Printf("\n")
	env.printTable(rows, "lllllll")
	left := int64(0)
	for _, d := range sum.Datasets {
		if o.limit > 0 {
			left += max(0, d.Conflicts-int64(o.limit))
		}
	}
	if left > 0 {
		env.Printf("… %s more (%s)\n", count(left), env.again("--limit", "0"))
	}
	return nil
}

// conflictParts says what conflicts of a dataset are about.
func conflictParts(d *strata.ConflictCount) string {
	var parts []string
	if d.Whole != "" {
		parts = append(parts, "the dataset itself")
	}
	for _, name := range d.Schema {
		parts = append(parts, "column "+name+" itself")
	}
	return strings.Join(append(parts, countParts(d.Columns)...), ", ")
}

// countParts writes counts of cells: label 2, score 1.
func countParts(counts []strata.CellCount) []string {
	var parts []string
	for _, c := range counts {
		name := c.Name
		if name == "" {
			name = "whole samples"
		}
		parts = append(parts, name+" "+count(c.Changed))
	}
	return parts
}

// all reports whether as many conflicts were shown of each dataset as there are
// or may be.
func all(sum *strata.ConflictsDocument, shown map[string]int, limit int) bool {
	for _, d := range sum.Datasets {
		if shown[d.Dataset] < limit && int64(shown[d.Dataset]) < d.Conflicts {
			return false
		}
	}
	return true
}

// conflictWidth is the width of a value, in characters.
const conflictWidth = 40

// conflictCell is a value as it is shown: on one line, not too long, - where there
// is none.
func conflictCell(x *strata.Conflict, side json.RawMessage) string {
	if side == nil {
		return "-"
	}
	text := x.Text(side)
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsFunc(text, unicode.IsControl) {
		text = strconv.Quote(text)
	}
	if r := []rune(text); len(r) > conflictWidth {
		text = string(r[:conflictWidth-1]) + "…"
	}
	return text
}
