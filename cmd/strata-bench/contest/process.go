package contest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is one timed run of one contestant.
type sample struct {
	seconds float64
	rss     int64 // bytes; the largest of its processes
	cpu     float64
	out     []byte // standard output of the last process, where it was wanted
}

// inDir returns a command that runs in dir with the lab's environment.
func (l *Lab) inDir(dir string, args []string) *exec.Cmd {
	program := args[0]
	switch program {
	case "strata":
		program = l.Strata
	case "self":
		program = l.Self
	default:
		for _, place := range strings.Split(strings.TrimPrefix(l.env[0], "PATH="), ":") {
			if info, err := os.Stat(filepath.Join(place, program)); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
				program = filepath.Join(place, program)
				break
			}
		}
	}
	cmd := exec.CommandContext(l.ctx, program, args[1:]...)
	cmd.Dir, cmd.Env = dir, l.env
	return cmd
}

// measure runs one process and adds it to s. Its output is read and dropped,
// as if it went to a file that costs nothing, unless keep is set.
func (l *Lab) measure(dir string, args []string, keep bool, s *sample) error {
	cmd := l.inDir(dir, args)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &problem
	if keep {
		cmd.Stdout = &out
	} else if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		defer null.Close()
		cmd.Stdout = null
	}
	begin := time.Now()
	err := cmd.Run()
	s.seconds += time.Since(begin).Seconds()
	if state := cmd.ProcessState; state != nil {
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			s.rss = max(s.rss, usage.Maxrss*1024)
		}
		s.cpu += (state.UserTime() + state.SystemTime()).Seconds()
	}
	s.out = out.Bytes()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", commandLine(args), err, lastLine(problem.String()))
	}
	return nil
}

// exitCode is that of the process that err comes from, or -1.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// commandLine is args for messages, scripts left out.
func commandLine(args []string) string {
	words := slices.Clone(args)
	for i, w := range words {
		if strings.Contains(w, "\n") {
			words[i] = "..."
		}
	}
	return strings.Join(words, " ")
}

// quiet runs commands outside the clock.
func (l *Lab) quiet(dir string, commands ...[]string) error {
	for _, args := range commands {
		if out, err := l.inDir(dir, args).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", commandLine(args), err, lastLine(string(out)))
		}
	}
	return nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for _, line := range lines { // strata and others begin with what happened
		if strings.HasPrefix(line, "error") {
			return line
		}
	}
	return lines[len(lines)-1]
}

// number reads the last line of out, which a script printed.
func number(out []byte) (float64, error) { return strconv.ParseFloat(lastLine(string(out)), 64) }

// diskBytes returns the sizes of all files below path.
func diskBytes(path string) int64 {
	var sum int64
	// Files that vanish while they are counted have no size.
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// copyFile copies a file with the system's cp, which may share blocks.
func (l *Lab) copyFile(from, to string) error { return l.quiet("/", []string{"cp", from, to}) }

// copyTree copies a directory with times and links, replacing to.
func (l *Lab) copyTree(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return l.quiet("/", []string{"cp", "-a", from, to})
}
