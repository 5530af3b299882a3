package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type addOptions struct {
	strata.AddOptions
	rename, allow []string
	header        string
	delimiter     string
}

func newAddCmd(env *Env) *cobra.Command {
	o := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add PATH...",
		Short: "Read files into the index, as samples where they have rows",
		Long: "Files of rows (strata help formats) become datasets named after their path, a\n" +
			"directory of shards (train/part-*.parquet) one dataset; everything else is kept as\n" +
			"a plain file. Key columns, renames and types are remembered with the dataset, so\n" +
			"adding the file again after an edit needs no flags.",
		Example: "  strata add train.csv --key id\n" +
			"  strata add 'shards/*.parquet' --as train --key id,cam\n" +
			"  strata add -A\n" +
			"  strata add -n train.csv",
		ValidArgsFunction: completeDatasets(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return runAdd(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVarP(&o.Key, "key", "k", nil, "the columns `COL,...` that tell samples apart")
	f.StringVar(&o.As, "as", "", "call the dataset `NAME`")
	f.Var(newChoice(&o.Type, autoValue, "file", "csv", "tsv", "jsonl", "parquet", "arrow"), "type", "read as `TYPE`: auto, file, csv, tsv, jsonl, parquet or arrow")
	f.BoolVarP(&o.All, "all", "A", false, "everything in the working directory, also what is gone")
	f.BoolVarP(&o.Update, "update", "u", false, "only what is tracked already")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "say what would be staged")
	f.BoolVar(&o.ValuesOnly, "values-only", false, "do not keep the bytes of binary files, only their rows")
	f.StringArrayVar(&o.rename, "rename", nil, "a column was renamed: `OLD=NEW`; repeatable")
	f.Var(newChoice(&o.OnDuplicate, "error", "first", "last"), "on-duplicate", "of rows that share a key keep `WHICH`: error, first or last")
	f.StringArrayVar(&o.allow, "allow-type", nil, "let a column have another type: `COL=TYPE`; repeatable")
	f.Var(newChoice(&o.header, autoValue, "yes", "no"), "header", "the first line is a header: `WHETHER` is auto, yes or no")
	f.IntVar(&o.Skip, "skip", 0, "leave out `N` lines before the header or first row")
	f.StringVar(&o.delimiter, "delimiter", "", "fields are separated by `CHAR` (\\t for tab)")
	f.BoolVarP(&o.Force, "force", "f", false, "also files that .strataignore names")
	f.IntVarP(&o.Workers, "jobs", "j", 0, "read with `N` threads (default one for each processor)")
	return cmd
}

func runAdd(ctx context.Context, env *Env, o *addOptions) error {
	if err := o.complete(env); err != nil {
		return err
	}
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	env.Progress().Phase("reading", 0)
	env.OnInterrupt("nothing was staged; run the same command again")
	res, err := r.Add(ctx, o.AddOptions)
	if err != nil {
		return err
	}
	env.stopProgress()
	if env.Flags.JSON {
		return env.PrintJSON(res)
	}
	if !env.Flags.Quiet {
		printAdded(env, res)
	}
	return nil
}

// complete checks the flags and turns them into options.
func (o *addOptions) complete(env *Env) (err error) {
	if len(o.Paths) == 0 && !o.All && !o.Update {
		return usagef("strata add .   to add everything here", "nothing was named to add")
	}
	if o.All && o.Update {
		return usagef("strata help add", "--all and --update exclude each other")
	}
	o.Dir = env.workDir()
	if o.Rename, err = pairs("rename", o.rename, "OLD=NEW"); err != nil {
		return err
	}
	if o.AllowType, err = pairs("allow-type", o.allow, "COL=TYPE"); err != nil {
		return err
	}
	if o.OnDuplicate == "error" {
		o.OnDuplicate = ""
	}
	if o.header != autoValue {
		yes := o.header == "yes"
		o.Header = &yes
	}
	switch d := o.delimiter; {
	case d == "":
	case d == `\t` || d == "tab":
		o.Delimiter = '\t'
	case len(d) == 1 && d[0] < 0x80 && d != "\n" && d != "\r" && d != `"`:
		o.Delimiter = d[0]
	default:
		return &Failure{Slug: "bad-value", Message: fmt.Sprintf("%q is not a value of --delimiter", d), Cause: "want one ASCII character, such as ; or \\t"}
	}
	if o.Skip < 0 || o.Workers < 0 {
		return &Failure{Slug: "bad-value", Message: "--skip and --jobs cannot be negative"}
	}
	return nil
}

// pairs reads repeated flags of the form A=B; the last = separates, as types
// contain none.
func pairs(flag string, values []string, form string) (map[string]string, error) {
	if len(values) == 0 {
		return nil, nil
	}
	m := map[string]string{}
	for _, v := range values {
		at := strings.LastIndexByte(v, '=')
		if at < 1 || at == len(v)-1 {
			return nil, &Failure{Slug: "bad-value", Message: fmt.Sprintf("%q is not a value of --%s", v, flag), Cause: "want the form " + form}
		}
		m[v[:at]] = v[at+1:]
	}
	return m, nil
}

// minComparedBytes is the size of files below which what they take in the store
// says nothing, as the store's own pages weigh more.
const minComparedBytes = 64 << 10

// maxNamedColumns bounds how many columns a line of add names.
const maxNamedColumns = 8

func printAdded(env *Env, res *strata.AddResult) {
	st := env.Style()
	var rows [][]string
	var staged []string
	read := int64(0)
	for _, d := range res.Datasets {
		read += d.Bytes
		if d.Unchanged {
			rows = append(rows, []string{d.Name, "unchanged", "", bytesText(d.Bytes)})
			continue
		}
		columns := plural(len(d.Columns), "column")
		if d.New {
			columns += " (" + someOf(d.Columns, maxNamedColumns) + ")"
		}
		rows = append(rows, []string{d.Name, plural(d.Samples, "sample"), columns, bytesText(d.Bytes)})
		staged = append(staged, d.Name+": "+changeText(st, d.Added, d.Removed, d.Modified, len(d.SchemaChanges) > 0 && !d.New))
	}
	if f := res.Files; f != nil && f.Files > 0 {
		read += f.Bytes
		rows = append(rows, []string{"files", plural(f.Files, "file"), "", bytesText(f.Bytes)})
		if f.Added+f.Removed+f.Modified > 0 {
			staged = append(staged, "files: "+changeText(st, f.Added, f.Removed, f.Modified, false))
		}
	}
	if len(rows) == 1 && res.StoredBytes > 0 && !res.DryRun && read >= minComparedBytes {
		rows[0][3] += " → " + bytesText(res.StoredBytes)
	}
	env.printTable(rows, "lrlr")
	printAddNotes(env, res)
	for _, name := range res.Removed {
		staged = append(staged, name+": "+st.Removed("removed"))
	}
	word := "staged "
	if res.DryRun {
		word = "would stage "
	}
	switch {
	case len(staged) > 0:
		env.Printf("%s%s\n", word, strings.Join(staged, "   "))
	case len(rows) > 0:
		env.Printf("nothing new to stage\n")
	}
	if res.Left != nil {
		env.Notef("settled %s, %s left", plural(res.Settled, "conflict"), count(*res.Left))
		if *res.Left == 0 {
			return // what comes next is not an ordinary commit
		}
	}
	if res.NextCommit && !res.DryRun {
		env.Next(`strata commit -m "message"`)
	}
}

// printAddNotes says what about the data a user should know.
func printAddNotes(env *Env, res *strata.AddResult) {
	for _, d := range res.Datasets {
		for _, c := range d.SchemaChanges {
			if !d.New {
				env.Printf("%s: %s\n", d.Name, schemaChangeText(c))
			}
		}
		if d.Dropped > 0 {
			env.Warnf("duplicates", "%s of %s left out, as an other one has the same key", plural(d.Dropped, "row"), d.Name)
		}
		if d.ByContent && d.New {
			hint := ""
			if d.KeyHint != "" {
				hint = "; to follow samples through edits: strata add " + strings.Join(d.Sources, " ") + " --key " + d.KeyHint
			}
			env.Warnf("no-key", "%s has no key column, so an edited row counts as removed and added%s", d.Name, hint)
		}
	}
}

// someOf joins up to n names and counts the rest.
func someOf(names []string, n int) string {
	if len(names) <= n+1 { // "and 1 more" is not shorter
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + ", and " + count(len(names)-n) + " more"
}

// changeText is the counts of a change: +400 -90 ~1,212.
func changeText(st style, added, removed, modified int64, schema bool) string {
	var parts []string
	if added > 0 {
		parts = append(parts, st.Added("+"+count(added)))
	}
	if removed > 0 {
		parts = append(parts, st.Removed("-"+count(removed)))
	}
	if modified > 0 {
		parts = append(parts, st.Modified("~"+count(modified)))
	}
	if schema {
		parts = append(parts, "schema changed")
	}
	if len(parts) == 0 {
		return "no samples changed"
	}
	return strings.Join(parts, " ")
}

// schemaChangeText says a change of a column in words.
func schemaChangeText(c strata.SchemaChange) string {
	switch c.Op {
	case "add":
		return "column " + c.Column + " added (" + c.New + ")"
	case "drop":
		return "column " + c.Column + " dropped"
	case "rename":
		return "column " + c.Old + " renamed to " + c.New
	case "type":
		return "column " + c.Column + " was " + c.Old + " and is now " + c.New
	case "reorder":
		return "columns reordered"
	case "key":
		return "key was " + c.Old + " and is now " + c.New
	}
	return c.Op + " " + c.Column
}
