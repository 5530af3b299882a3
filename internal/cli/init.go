package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo"
)

type initOptions struct {
	dir    string
	bare   bool
	branch string
}

// initDocument is strata.init/1.
type initDocument struct {
	Schema  string `json:"schema"`
	Path    string `json:"path"`
	Bare    bool   `json:"bare"`
	Branch  string `json:"branch"`
	Existed bool   `json:"existed"`
}

func newInitCmd(env *Env) *cobra.Command {
	o := &initOptions{}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a repository here or in a directory",
		Long: "Makes .strata in the directory, which is created if need be. Files that are\n" +
			"there stay as they are. Where a repository exists already nothing is changed.",
		Example: "  strata init\n  strata init data --initial-branch trunk\n  strata init --bare /srv/data",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.dir = args[0]
			}
			return runInit(cmd.Context(), env, o)
		},
	}
	cmd.Flags().BoolVar(&o.bare, "bare", false, "no working files: the directory itself is the repository")
	cmd.Flags().StringVarP(&o.branch, "initial-branch", "b", "", "call the first branch `NAME` (default init.defaultBranch, or main)")
	return cmd
}

func runInit(ctx context.Context, env *Env, o *initOptions) error {
	branch := o.branch
	if branch == "" {
		branch, _ = env.Config("init.defaultBranch")
	}
	made, err := repo.Init(ctx, env.Path(o.dir), repo.InitOptions{Bare: o.bare, Branch: branch})
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(initDocument{"strata.init/1", made.Dir, made.Bare(), made.Branch, made.Existed})
	}
	if env.Flags.Quiet {
		return nil
	}
	word := "Initialized empty Strata repository in"
	if made.Existed {
		word = "Reinitialized existing Strata repository in"
	}
	env.Printf("%s %s\n", word, made.Dir)
	return nil
}
