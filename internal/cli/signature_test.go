package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStickyKey(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"alone", "commit -S -m x", "commit -S -m x"},
		{"with a key", "commit -Sana -m x", "commit --gpg-sign=ana -m x"},
		{"with a sign of equality", "commit -S=ana", "commit -S=ana"},
		{"in a group", "commit -qSana", "commit -q --gpg-sign=ana"},
		{"at the end of a group", "commit -qS -m x", "commit -qS -m x"},
		{"a message", "commit -m -Sana", "commit -m -Sana"},
		{"a message in a group", "commit -am -Sana", "commit -am -Sana"},
		{"a message that is stuck", "commit -mSana", "commit -mSana"},
		{"behind a message that is stuck", "commit -mx -Sana", "commit -mx --gpg-sign=ana"},
		{"a long flag", "commit --author -Sana --Sx", "commit --author -Sana --Sx"},
		{"an argument", "merge topicS1", "merge topicS1"},
		{"behind --", "merge -- -Sana", "merge -- -Sana"},
		{"another verb", "log -Sana", "log -Sana"},
		{"the verb alone", "commit", "commit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(strings.Fields(tc.want), stickyKey(strings.Fields(tc.in))); d != "" {
				t.Error(d)
			}
		})
	}
}
