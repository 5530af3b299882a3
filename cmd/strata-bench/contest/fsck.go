package contest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fsck times the check of a repository with a gigabyte of text tables.
func (l *Lab) fsck() error {
	dir := l.place("fsck", "strata")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := l.quiet(dir, wayOf("strata").init...); err != nil {
		return err
	}
	total := 0.0
	for _, name := range []string{"data", "uniform", "append"} {
		shape := "w2"
		if name == "data" {
			shape = "w1"
		}
		file, err := l.table(l.Rows, shape, name, "csv")
		if err != nil {
			return err
		}
		// A seed of its own for each table would cost another minute; another key
		// order makes all pages new.
		to := filepath.Join(dir, name+".csv")
		script := fmt.Sprintf(`awk -F, -v OFS=, 'NR > 1 { $1 = $1 * %d } 1' '%s' > '%s'`, 3+2*len(name), file, to)
		if err := l.quiet("/", []string{"sh", "-c", script}); err != nil {
			return err
		}
		total += sizeOf(to)
		if err := l.quiet(dir, []string{"strata", "add", "--key", "id", name + ".csv"}); err != nil {
			return err
		}
	}
	if err := l.quiet(dir, []string{"strata", "commit", "-m", "three tables"}); err != nil {
		return err
	}
	all := l.race("fsck", contestant{tool: "strata", dir: dir, commands: [][]string{{"strata", "fsck"}}})
	deep := l.race("fsck-deep", contestant{tool: "strata", runs: 1, dir: dir, commands: [][]string{{"strata", "fsck", "--deep"}}})
	rate := total / 1e6 / median(all, "strata")
	l.line(fmt.Sprintf("fsck of %s of CSV in a repository of %s", megabytes(total), megabytes(float64(diskBytes(filepath.Join(dir, ".strata"))))), "300 MB/s",
		fmt.Sprintf("%.0f MB/s (%s s); --deep %s s", rate, seconds(median(all, "strata")), seconds(median(deep, "strata"))), verdict(rate >= 300, rate), "")
	return os.RemoveAll(dir)
}

// kills is how often the workload kill stops a running process.
const kills = 200

// kill stops processes that change a repository at 200 points in time, spread
// over what they do, and asks after each whether something is lost.
func (l *Lab) kill() error {
	dir := l.place("kill", "strata")
	rows := int64(2000)
	var files []string
	for _, name := range []string{"chain-01", "chain-02"} {
		file, err := l.table(rows, "w2", name, "csv")
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	if err := l.begin(wayOf("strata"), dir, files[0]); err != nil {
		return err
	}
	fmt.Fprintln(l.Log, "kill")
	lost, findings, died := 0, 0, 0
	committed := l.head(dir)
	whole := time.Second // what the script takes when nobody stops it
	for n := 0; died < kills && n < 10*kills; n++ {
		if err := l.replace(dir, files[(n+1)%2]); err != nil {
			return err
		}
		script := fmt.Sprintf("strata add data.csv && strata commit -m %d && strata switch -C side HEAD~1 && strata switch main && strata merge side && strata gc --prune=now", n)
		begin := time.Now()
		if l.killed(dir, script, whole*time.Duration(n*97%257)/257) {
			died++
		} else {
			whole = time.Since(begin)
		}
		if err := l.inDir(dir, []string{"strata", "fsck"}).Run(); err != nil {
			findings++
		}
		if err := l.inDir(dir, []string{"strata", "merge-base", "--is-ancestor", committed, "main"}).Run(); err != nil {
			lost++
		}
		if err := l.quiet(dir, []string{"strata", "switch", "-f", "main"}); err != nil {
			return err
		}
		committed = l.head(dir)
	}
	l.line(fmt.Sprintf("%d kills over add, commit, switch, merge and gc", kills), "0 lost commits, 0 fsck findings",
		fmt.Sprintf("%d hit a running process; %d lost commits, %d runs of fsck with findings", died, lost, findings), verdict(lost+findings == 0 && died == kills), "")
	return nil
}

// head returns the id of the branch main.
func (l *Lab) head(dir string) string {
	out, err := l.inDir(dir, []string{"strata", "rev-parse", "main"}).Output()
	if err != nil {
		return "none"
	}
	return lastLine(string(out))
}

// killed runs a shell script in a process group of its own, kills the group
// after some time and reports whether it was still running.
func (l *Lab) killed(dir, script string, after time.Duration) bool {
	cmd := l.inDir(dir, []string{"sh", "-c", script})
	cmd.Env = append([]string{"PATH=" + filepath.Dir(l.Strata) + ":" + l.Path}, l.env[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return false
	}
	timer := time.AfterFunc(after, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	_ = cmd.Wait()
	return cmd.ProcessState != nil && !cmd.ProcessState.Exited()
}
