package contest

import (
	"fmt"
	"path/filepath"
)

// files times adding many small files and asking for their status.
func (l *Lab) files() error {
	if l.Files == 0 {
		return nil
	}
	from, err := l.pictures(l.Files)
	if err != nil {
		return err
	}
	ready := func(init ...[]string) func(dir string) error { return l.withFiles(from, init...) }
	all := l.race("add-files",
		contestant{tool: "cp", runs: min(l.Runs, 2), commands: [][]string{{"cp", "-r", from, "files"}}},
		contestant{tool: "strata", runs: min(l.Runs, 2), store: ".strata", prepare: ready([]string{"strata", "init"}),
			commands: [][]string{{"strata", "add", "files"}}},
		contestant{tool: "git", runs: 1, store: ".git", prepare: ready(git("init", "-q")), commands: [][]string{git("add", "files")}},
		contestant{tool: "restic", runs: 1, store: "store", prepare: ready([]string{"restic", "-q", "-r", "store", "init"}),
			commands: [][]string{{"restic", "-q", "-r", "store", "backup", "files"}}},
	)
	ours, cp := median(all, "strata"), median(all, "cp")
	some, annex, err := l.someFiles()
	if err != nil {
		return err
	}
	l.line(fmt.Sprintf("add of %s files of 7 KB", count(l.Files)), "no slower than git annex add, 2x of cp -r",
		fmt.Sprintf("%s s, %s of cp -r, %s", seconds(ours), times(ours/cp), mebibytes(all["strata"])),
		both(verdict(ours/float64(l.Files) <= annex, ours, annex), verdict(ours <= 2*cp, ours, cp)),
		against(all, "cp", "git", "restic")+"; "+some)

	strataDir, gitDir := l.place("add-files", "strata"), l.place("add-files", "git")
	_, haveGit := l.tools["git"]
	var field []contestant
	if all["strata"].ok() && l.quiet(strataDir, []string{"strata", "commit", "-m", "files"}) == nil {
		field = append(field, contestant{tool: "strata", runs: l.Runs + 2, dir: strataDir, commands: [][]string{{"strata", "status"}}})
	}
	if haveGit && all["git"].ok() && l.quiet(gitDir, git("commit", "-q", "-m", "files")) == nil {
		field = append(field, contestant{tool: "git", runs: l.Runs + 2, dir: gitDir, commands: [][]string{git("status")}})
	}
	status := l.race("status-files", field...)
	s, g := median(status, "strata"), median(status, "git")
	l.line(fmt.Sprintf("status, nothing changed, %s files", count(l.Files)), "1 s and faster than git status", seconds(s)+" s",
		both(verdict(s <= 1, s), verdict(s <= g, s, g)), against(status, "git"))
	return nil
}

func git(args ...string) []string { return append([]string{"git"}, args...) }

// withFiles prepares a repository and a copy of the files beside it.
func (l *Lab) withFiles(from string, init ...[]string) func(dir string) error {
	return func(dir string) error {
		if err := l.quiet(dir, init...); err != nil {
			return err
		}
		return l.copyTree(from, filepath.Join(dir, "files"))
	}
}

// someFiles times those that take many minutes for all files on a twentieth of
// them, and returns a sentence about it and the seconds a file of git-annex.
func (l *Lab) someFiles() (string, float64, error) {
	n := max(l.Files/20, 1)
	from, err := l.pictures(n)
	if err != nil {
		return "", 0, err
	}
	all := l.race("add-some-files",
		contestant{tool: "strata", store: ".strata", prepare: l.withFiles(from, []string{"strata", "init"}), commands: [][]string{{"strata", "add", "files"}}},
		contestant{tool: "git-annex", runs: 1, store: ".git", prepare: l.withFiles(from, git("init", "-q"), git("annex", "init", "bench")),
			commands: [][]string{git("annex", "add", "--quiet", "-J2", "files")}},
		contestant{tool: "dvc", runs: 1, store: ".dvc", prepare: l.withFiles(from, git("init", "-q"), []string{"dvc", "init", "-q"}),
			commands: [][]string{{"dvc", "add", "-q", "files"}}},
		contestant{tool: "oxen", runs: 1, store: ".oxen", prepare: l.withFiles(from, []string{"python3", "-c", oxenInit}),
			commands: [][]string{{"python3", "-c", "from oxen import Repo; Repo('.').add('files')"}}},
	)
	return fmt.Sprintf("of %s files: Strata %s s, %s", count(n), seconds(median(all, "strata")), against(all, "git-annex", "dvc", "oxen")),
		median(all, "git-annex") / float64(n), nil
}
