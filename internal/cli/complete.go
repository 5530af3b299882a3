package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
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
		refs, err := r.Refs(cmd.Context(), "refs/")
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		words := []string{}
		for _, name := range append([]string{"HEAD"}, refNames(refs)...) {
			if strings.HasPrefix(name, typed) {
				words = append(words, name)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

func refNames(refs []repo.Ref) []string {
	var names []string
	for _, ref := range refs {
		names = append(names, repo.ShortRef(ref.Name))
	}
	return names
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
		head, err := r.Head(ctx)
		if err != nil || head.ID.IsZero() {
			return nil, cobra.ShellCompDirectiveDefault
		}
		tree, err := r.CommitTree(ctx, head.ID)
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var words []string
		for _, name := range tree.Names() {
			if strings.HasPrefix(name, typed) && !strings.HasPrefix(name, "@") {
				words = append(words, name)
			}
		}
		return words, cobra.ShellCompDirectiveDefault
	}
}
