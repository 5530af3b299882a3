package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

func newCompletionCmd(env *Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands in a shell",
		Example: "  source <(strata completion bash)\n" +
			"  strata completion zsh > \"${fpath[1]}/_strata\"\n" +
			"  strata completion fish > ~/.config/fish/completions/strata.fish",
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("strata completion bash", "name one shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runCompletion(env, cmd.Root(), args[0], shells) },
	}
}

func runCompletion(env *Env, root *cobra.Command, shell string, shells []string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(env.Out, true)
	case "zsh":
		return root.GenZshCompletion(env.Out)
	case "fish":
		return root.GenFishCompletion(env.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(env.Out)
	}
	hint := "strata completion " + shells[0]
	if near := nearest(shell, shells); near != "" {
		hint = "did you mean strata completion " + near + "?"
	}
	return usagef(hint, "%q is not one of %s", shell, strings.Join(shells, ", "))
}
