package contest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// findTools asks every tool for its version.
func (l *Lab) findTools() {
	python := func(module string) []string {
		return []string{"python3", "-c", "import importlib.metadata as m; print(m.version('" + module + "'))"}
	}
	l.tools = map[string]string{"hash": "BLAKE3, in this program"}
	for _, t := range []struct {
		name    string
		version []string
	}{
		{"strata", []string{"strata", "version"}},
		{"git", []string{"git", "--version"}},
		{"git-lfs", []string{"git-lfs", "version"}},
		{"git-annex", []string{"git-annex", "version", "--raw"}},
		{"dolt", []string{"dolt", "version"}},
		{"dvc", []string{"dvc", "--version"}},
		{"oxen", python("oxenai")},
		{"restic", []string{"restic", "version"}},
		{"borg", []string{"borg", "--version"}},
		{"duckdb", python("duckdb")},
		{"pyarrow", python("pyarrow")},
		{"csvdiff", []string{"csvdiff", "--version"}},
		{"daff", []string{"daff", "version"}},
		{"zstd", []string{"zstd", "--version"}},
		{"cp", []string{"cp", "--version"}},
	} {
		out, err := l.inDir(l.Work, t.version).Output()
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if err != nil || first == "" {
			l.report.Missing = append(l.report.Missing, t.name)
			continue
		}
		l.tools[t.name] = first
		l.report.Tools = append(l.report.Tools, Tool{t.name, first})
	}
}

// describeMachine fills in what numbers depend on.
func (l *Lab) describeMachine() error {
	m := &l.report.Machine
	m.OS, m.Arch, m.CPUs = runtime.GOOS, runtime.GOARCH, runtime.NumCPU()
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = field(b, "model name")
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.Memory = field(b, "MemTotal")
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	if out, err := exec.Command("df", "--output=fstype", l.Work).Output(); err == nil {
		m.FileSystem = lastLine(string(out))
	}
	m.LoadBefore = load()
	return l.diskSpeed()
}

// load returns the load averages, "?" where the system has none.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	words := strings.Fields(string(b))
	if err != nil || len(words) < 3 {
		return "?"
	}
	return strings.Join(words[:3], " ")
}

// diskSpeed writes 256 MiB and syncs them.
func (l *Lab) diskSpeed() error {
	name := l.Work + "/speed"
	var s sample
	args := []string{"dd", "if=/dev/zero", "of=" + name, "bs=1M", "count=256", "conv=fsync"}
	if err := l.measure(l.Work, args, false, &s); err != nil {
		return fmt.Errorf("measure the disk: %w", err)
	}
	l.report.Machine.DiskWrite = 256 / s.seconds
	return os.Remove(name)
}

// field returns the value of the first line of b that begins with name.
func field(b []byte, name string) string {
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
