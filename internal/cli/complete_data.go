package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

// completeSlices completes the names of slices in the index.
func completeSlices(env *Env) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		r, err := env.OpenRepo(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := r.ListSlices(cmd.Context(), strata.ListSlicesOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var words []string
		for _, s := range all.Slices {
			if strings.HasPrefix(s.Name, typed) {
				words = append(words, s.Name)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeColumns completes a list of columns of the dataset that is the verb's
// first argument, or of the only one.
func completeColumns(env *Env) completer {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx := cmd.Context()
		r, err := env.OpenRepo(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		address := ""
		if len(args) > 0 {
			address = args[0]
		} else if address, err = onlyDataset(ctx, r, ""); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		rows, err := r.Scan(ctx, strata.ScanOptions{Address: address})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		cut := strings.LastIndexByte(typed, ',') + 1 // columns before the last are done
		var words []string
		for _, name := range rows.Columns() {
			if strings.HasPrefix(name, typed[cut:]) {
				words = append(words, typed[:cut]+name)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeScanFlags completes the values of the flags of scanFlags.
func completeScanFlags(env *Env, cmd *cobra.Command) {
	for flag, complete := range map[string]completer{"slice": completeSlices(env), "columns": completeColumns(env)} {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		if err := cmd.RegisterFlagCompletionFunc(flag, cobra.CompletionFunc(complete)); err != nil {
			panic("cli: " + err.Error()) // it has been registered twice
		}
	}
}
