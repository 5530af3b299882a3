package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/object"
)

// Build says what the program was built from.
type Build struct {
	Version string // "" is replaced by what the Go toolchain recorded
	Commit  string
}

// withDefaults fills what the linker was not told from the toolchain's record.
func (b Build) withDefaults() Build {
	info, ok := debug.ReadBuildInfo()
	if ok && b.Version == "" {
		b.Version = info.Main.Version
	}
	if ok && b.Commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	return b
}

// versionDocument is strata.version/1.
type versionDocument struct {
	Schema       string `json:"schema"`
	Version      string `json:"version"`
	Commit       string `json:"commit,omitempty"`
	ObjectFormat int    `json:"object_format"`
	Go           string `json:"go"`
	OS           string `json:"os"`
	Arch         string `json:"arch"`
}

func newVersionCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "With --json also what it was built from and which object format it writes.",
		Example: "  strata version\n  strata version --json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runVersion(env) },
	}
}

func runVersion(env *Env) error {
	build := env.Build.withDefaults()
	if env.Flags.JSON {
		return env.PrintJSON(versionDocument{
			Schema: "strata.version/1", Version: build.Version, Commit: build.Commit,
			ObjectFormat: object.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		})
	}
	env.Printf("strata version %s\n", build.Version)
	return nil
}
