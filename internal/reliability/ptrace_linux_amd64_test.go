package reliability

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// This file makes system calls of the program fail: it is traced, and the n-th
// call of some kind on a file below a directory is not made, or made in half,
// and returns an error. So every file operation is reached, whoever makes it:
// this program, bbolt, or the runtime. What is read through mappings is not.

// calls are kinds of system calls.
type calls int

const (
	callsWrite calls = iota // all that change files, or make them durable
	callsRead               // all that read files and directories
)

// injection says which call fails and how.
type injection struct {
	calls  calls
	n      int           // from 1
	sticky bool          // and all after it
	errno  syscall.Errno // what it returns
	half   bool          // a write puts half of the bytes there first
}

func (i injection) String() string {
	what := []string{"write", "read"}[i.calls]
	how := "once"
	if i.sticky {
		how = "from then on"
	}
	if i.half {
		how += ", after half of the bytes"
	}
	return fmt.Sprintf("%s call %d: %v, %s", what, i.n, i.errno, how)
}

// pathArgument says where a call names its file: an argument that is an open
// file, or one that is a name.
type pathArgument struct {
	calls calls
	fd    bool
	arg   int
}

// watched are the calls that can fail, by number (amd64).
func watched() map[uint64]pathArgument {
	return map[uint64]pathArgument{
		syscall.SYS_WRITE: {callsWrite, true, 0}, syscall.SYS_PWRITE64: {callsWrite, true, 0},
		syscall.SYS_FSYNC: {callsWrite, true, 0}, syscall.SYS_FDATASYNC: {callsWrite, true, 0},
		syscall.SYS_FTRUNCATE: {callsWrite, true, 0}, syscall.SYS_FALLOCATE: {callsWrite, true, 0}, syscall.SYS_FCHMOD: {callsWrite, true, 0},
		syscall.SYS_RENAMEAT: {callsWrite, false, 1}, 316: {callsWrite, false, 1}, // renameat2
		syscall.SYS_UNLINKAT: {callsWrite, false, 1}, syscall.SYS_MKDIRAT: {callsWrite, false, 1},
		syscall.SYS_LINKAT: {callsWrite, false, 1}, syscall.SYS_FCHMODAT: {callsWrite, false, 1},
		syscall.SYS_READ: {callsRead, true, 0}, syscall.SYS_PREAD64: {callsRead, true, 0}, syscall.SYS_GETDENTS64: {callsRead, true, 0},
		syscall.SYS_NEWFSTATAT: {callsRead, false, 1}, syscall.SYS_MMAP: {callsRead, true, 4},
		syscall.SYS_OPENAT: {callsRead, false, 1}, // unless it makes a file
	}
}

// tracer runs one command.
type tracer struct {
	dir    string
	inj    injection
	count  int // calls of the kind so far
	hit    bool
	inside map[int]bool // threads that are in a call
	forced map[int]bool // threads whose call returns the error
	calls  map[uint64]pathArgument
	onCall string // what was hit
}

func argument(r *syscall.PtraceRegs, i int) uint64 {
	return []uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}[i]
}

// matches reports whether the call that tid begins is one that counts.
func (t *tracer) matches(tid int, r *syscall.PtraceRegs) bool {
	c, ok := t.calls[r.Orig_rax]
	if !ok {
		return false
	}
	if r.Orig_rax == syscall.SYS_OPENAT && r.Rdx&(syscall.O_CREAT|syscall.O_WRONLY|syscall.O_RDWR) != 0 {
		c.calls = callsWrite
	}
	if c.calls != t.inj.calls {
		return false
	}
	var path string
	if c.fd {
		path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(argument(r, c.arg))))
	} else {
		var b [512]byte
		n, _ := syscall.PtracePeekData(tid, uintptr(argument(r, c.arg)), b[:])
		if end := bytes.IndexByte(b[:n], 0); end >= 0 {
			path = string(b[:end])
		}
	}
	if !strings.HasPrefix(path, t.dir) {
		return false
	}
	if t.onCall = fmt.Sprintf("call %d on %s", r.Orig_rax, strings.TrimPrefix(path, t.dir)); strings.HasSuffix(path, "/lock") {
		return false // who holds it is only shown to people
	}
	return true
}

// enter is called before a system call.
func (t *tracer) enter(tid int) {
	var r syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &r) != nil || !t.matches(tid, &r) {
		return
	}
	t.count++
	if t.inj.n == 0 || t.count != t.inj.n && (!t.inj.sticky || t.count < t.inj.n) {
		return
	}
	t.hit = true
	t.forced[tid] = true
	write := r.Orig_rax == syscall.SYS_WRITE || r.Orig_rax == syscall.SYS_PWRITE64
	if t.inj.half && write {
		r.Rdx /= 2
	} else {
		r.Orig_rax = ^uint64(0)
	}
	_ = syscall.PtraceSetRegs(tid, &r)
}

// leave is called after it.
func (t *tracer) leave(tid int) {
	if !t.forced[tid] {
		return
	}
	delete(t.forced, tid)
	var r syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &r) == nil {
		r.Rax = uint64(-int64(t.inj.errno))
		_ = syscall.PtraceSetRegs(tid, &r)
	}
}

// run runs the command to its end.
func (t *tracer) run(cmd *exec.Cmd) (code int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	defer func() { _ = cmd.Process.Release() }()
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil {
		return 0, err
	}
	const (
		optSysGood, optClone, optExitKill = 0x1, 0x8, 0x100000
		ownThread                         = 0x20000000 // __WNOTHREAD: not the children of others
	)
	if err := syscall.PtraceSetOptions(pid, optSysGood|optClone|optExitKill); err != nil {
		return 0, err
	}
	_ = syscall.PtraceSyscall(pid, 0)
	for {
		tid, err := syscall.Wait4(-1, &ws, syscall.WALL|ownThread, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, err
		case (ws.Exited() || ws.Signaled()) && tid == pid:
			if ws.Signaled() {
				return 128 + int(ws.Signal()), nil
			}
			return ws.ExitStatus(), nil
		case !ws.Stopped():
			delete(t.inside, tid)
			continue
		}
		deliver := 0
		switch sig := ws.StopSignal(); sig {
		case syscall.SIGTRAP | 0x80:
			if t.inside[tid] = !t.inside[tid]; t.inside[tid] {
				t.enter(tid)
			} else {
				t.leave(tid)
			}
		case syscall.SIGTRAP, syscall.SIGSTOP:
		default:
			deliver = int(sig)
		}
		_ = syscall.PtraceSyscall(tid, deliver)
	}
}

// traced runs a command of m under an injection.
func (m *machine) traced(inj injection, args []string) (code int, out string, t *tracer) {
	m.Helper()
	f, err := os.CreateTemp(m.TempDir(), "out")
	if err != nil {
		m.fail("%v", err)
	}
	defer f.Close()
	cmd := command(m.dir, m.clock, args...)
	cmd.Stdout, cmd.Stderr = f, f
	t = &tracer{dir: m.dir + "/", inj: inj, inside: map[int]bool{}, forced: map[int]bool{}, calls: watched()}
	if code, err = t.run(cmd); err != nil {
		m.fail("trace: %v", err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		m.fail("%v", err)
	}
	return code, string(b), t
}

// canTrace skips a test where programs may not be traced.
func canTrace(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", "-test.run", "^$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		t.Skip("programs cannot be traced here: ", err)
	}
	_ = cmd.Process.Kill()
	_, _ = cmd.Process.Wait()
}
