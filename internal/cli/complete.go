package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// completer lists words that an argument may begin with.
type completer func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// completeRevisions completes branches, tags and remote branches. Without a
// repository there is nothing to complete, which is no error.
func completeRevisions(env *Env) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		r, err := env.OpenRepo(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		refs, err := r.Refs(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		words := []string{}
		if strings.HasPrefix("HEAD", typed) {
			words = append(words, "HEAD")
		}
		for _, ref := range refs {
			if strings.HasPrefix(ref.Short, typed) {
				words = append(words, ref.Short)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDatasets completes the datasets of the last commit and, as most verbs
// also take files, leaves the rest to the shell.
func completeDatasets(env *Env) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx := cmd.Context()
		r, err := env.OpenRepo(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		names, err := r.DatasetNames(ctx, "HEAD")
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var words []string
		for _, name := range names {
			if strings.HasPrefix(name, typed) {
				words = append(words, name)
			}
		}
		return words, cobra.ShellCompDirectiveDefault
	}
}
