package cli

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12345: "12,345", 123456: "123,456", 1234567: "1,234,567",
		-1000: "-1,000", -999: "-999", math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := count(uint64(math.MaxUint64)); got != "18,446,744,073,709,551,615" {
		t.Errorf("largest uint64: %q", got)
	}
}

func TestPlural(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{plural(0, "sample"), "0 samples"}, {plural(1, "sample"), "1 sample"}, {plural(2000, "sample"), "2,000 samples"},
		{plural(1, "entry", "entries"), "1 entry"}, {plural(3, "entry", "entries"), "3 entries"},
	} {
		if tc.got != tc.want {
			t.Errorf("have %q, want %q", tc.got, tc.want)
		}
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 41_200_000: "41.2 MB", 999_499: "999 kB", 999_999: "1.0 MB",
		123_456_789: "123 MB", 1_300_000_000: "1.3 GB", -5000: "-5.0 kB", math.MaxInt64: "9.2 EB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "65536": 65536, "1GiB": 1 << 30, "512MiB": 512 << 20, "512mib": 512 << 20, "1.5G": 3 << 29, "2GB": 2e9, "4k": 4096, "1 MB": 1e6, "10B": 10,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "lots", "-1", "1XB", "NaN", "9e30", "GiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
	for n, want := range map[int64]string{1 << 30: "1GiB", 3 << 29: "1536MiB", 1000: "1000", 16 << 20: "16MiB"} {
		if got := exactSize(n); got != want {
			t.Errorf("exactSize(%d) = %q, want %q", n, got, want)
		}
	}
}

// Expected values from git 2.39.5: git ls-files of files with these names, with
// core.quotePath true and false.
func TestQuoteC(t *testing.T) {
	for _, tc := range []struct{ in, ascii, raw string }{
		{"plain name.csv", "plain name.csv", "plain name.csv"},
		{`a"b`, `"a\"b"`, `"a\"b"`},
		{`a\b`, `"a\\b"`, `"a\\b"`},
		{"tab\there", `"tab\there"`, `"tab\there"`},
		{"nl\n", `"nl\n"`, `"nl\n"`},
		{"\x01", `"\001"`, `"\001"`},
		{"\x7f", `"\177"`, `"\177"`},
		{"ä.csv", `"\303\244.csv"`, "ä.csv"},
		{"ä\t", `"\303\244\t"`, `"ä\t"`},
	} {
		if got := quoteC(tc.in, true); got != tc.ascii {
			t.Errorf("quoteC(%q, true) = %s, want %s", tc.in, got, tc.ascii)
		}
		if got := quoteC(tc.in, false); got != tc.raw {
			t.Errorf("quoteC(%q, false) = %s, want %s", tc.in, got, tc.raw)
		}
	}
}

func TestPathQuoter(t *testing.T) {
	home := t.TempDir()
	env := &Env{Getenv: getenv(map[string]string{"XDG_CONFIG_HOME": home}), Dir: home}
	if got := env.pathQuoter()("ä.csv"); got != `"\303\244.csv"` {
		t.Errorf("by default: %s", got)
	}
	if err := os.MkdirAll(filepath.Join(home, "strata"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "strata", "config.toml"), []byte("[core]\nquotePath = false\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	env = &Env{Getenv: env.Getenv, Dir: home}
	if got := env.pathQuoter()("ä.csv"); got != "ä.csv" {
		t.Errorf("with core.quotePath=false: %s", got)
	}
}

func TestPercent(t *testing.T) {
	for _, tc := range []struct {
		part, whole int64
		want        string
	}{{31204, 120310, "25.9%"}, {0, 5, "0.0%"}, {5, 5, "100.0%"}, {0, 0, "-"}} {
		if got := percent(tc.part, tc.whole); got != tc.want {
			t.Errorf("percent(%d, %d) = %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
}

func TestNearest(t *testing.T) {
	verbs := []string{"init", "add", "status", "diff", "commit", "checkout", "completion", "tag", "slice"}
	for typed, want := range map[string]string{
		"innit": "init", "comit": "commit", "statsu": "status", "dif": "diff", "comp": "completion", "slices": "slice",
		"frobnicate": "", "x": "", "tga": "tag",
	} {
		if got := nearest(typed, verbs); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestColored(t *testing.T) {
	for _, tc := range []struct {
		name     string
		flag     string
		vars     map[string]string
		terminal bool
		want     bool
	}{
		{"terminal", "auto", nil, true, true},
		{"file", "auto", nil, false, false},
		{"always", "always", map[string]string{"NO_COLOR": "1"}, false, true},
		{"never", "never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
		{"NO_COLOR", "auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"empty NO_COLOR", "auto", map[string]string{"NO_COLOR": ""}, true, true},
		{"NO_COLOR before CLICOLOR_FORCE", "auto", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"CLICOLOR_FORCE", "auto", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"CLICOLOR_FORCE=0", "auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"CLICOLOR=0", "auto", map[string]string{"CLICOLOR": "0"}, true, false},
		{"dumb", "auto", map[string]string{"TERM": "dumb"}, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := &Env{Getenv: getenv(tc.vars), Flags: Globals{Color: tc.flag}}
			if got := env.colored(tc.terminal); got != tc.want {
				t.Errorf("have %v, want %v", got, tc.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	text := "one two three four five six seven eight nine ten"
	got := wrap(text, 14)
	if want := "one two three\nfour five six\nseven eight\nnine ten"; got != want {
		t.Errorf("have %q, want %q", got, want)
	}
	if strings.Join(strings.Fields(got), " ") != text {
		t.Errorf("words were lost: %q", got)
	}
}
