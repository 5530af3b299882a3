package strata

import "github.com/strata-data/strata/internal/diff"

// The documents of the verbs that change the index and the working files. Other
// verbs keep theirs beside the verb.

// AddOptions of Repo.Add; see `strata help add`.
type AddOptions struct {
	Paths       []string // relative to Dir; files, directories, glob patterns
	Dir         string   // where relative paths begin: the caller's directory
	All         bool     // everything in the working directory (-A)
	Update      bool     // only what is tracked already (-u)
	DryRun      bool
	As          string   // dataset name
	Key         []string // key columns
	Type        string   // auto, file, csv, tsv, jsonl, parquet, arrow
	ValuesOnly  bool
	Rename      map[string]string // old column name -> new
	OnDuplicate string            // "", first, last
	AllowType   map[string]string // column -> type
	Header      *bool
	Skip        int
	Delimiter   byte
	Force       bool // ignored files too
	Workers     int
}

// AddResult is strata.add/1.
type AddResult struct {
	Schema   string         `json:"schema"`
	DryRun   bool           `json:"dry_run"`
	Datasets []AddedDataset `json:"datasets"`
	Files    *AddedFiles    `json:"files,omitempty"`
	Removed  []string       `json:"removed,omitempty"` // datasets whose files are gone
	// StoredBytes is what the repository grew by.
	StoredBytes int64 `json:"stored_bytes"`
	NextCommit  bool  `json:"-"` // something is staged now
	// Settled counts conflicts that this add settled, Left those that are left.
	Settled int64  `json:"conflicts_settled,omitempty"`
	Left    *int64 `json:"conflicts_left,omitempty"`
}

// AddedDataset is what adding did to one dataset.
type AddedDataset struct {
	Name          string         `json:"name"`
	Sources       []string       `json:"sources"`
	Samples       int64          `json:"samples"`
	Columns       []string       `json:"columns"`
	Bytes         int64          `json:"bytes"`  // of the files
	Parsed        int64          `json:"parsed"` // bytes that had to be parsed
	Added         int64          `json:"added"`  // against the index before
	Removed       int64          `json:"removed"`
	Modified      int64          `json:"modified"`
	SchemaChanges []SchemaChange `json:"schema_changes"`
	New           bool           `json:"new"`
	Unchanged     bool           `json:"unchanged"`
	ByContent     bool           `json:"by_content"`         // no key column
	KeyHint       string         `json:"key_hint,omitempty"` // a column that could be the key
	Dropped       int64          `json:"dropped"`            // duplicates left out
}

// AddedFiles is what adding did to plain files.
type AddedFiles struct {
	Files    int64 `json:"files"` // looked at
	Bytes    int64 `json:"bytes"`
	Added    int64 `json:"added"`
	Removed  int64 `json:"removed"`
	Modified int64 `json:"modified"`
}

// SchemaChange is one change of a dataset's columns.
type SchemaChange = diff.SchemaChange

// StatusOptions of Repo.Status.
type StatusOptions struct {
	NoUntracked bool
	NoCounts    bool // leave out the counts of samples
}

// StatusResult is strata.status/1.
type StatusResult struct {
	Schema    string        `json:"schema"`
	Branch    string        `json:"branch"` // "" when detached
	Head      ID            `json:"head"`   // zero before the first commit
	Staged    []StatusEntry `json:"staged"`
	Unstaged  []StatusEntry `json:"unstaged"`
	Untracked []string      `json:"untracked"` // paths; a directory ends in /
	Bare      bool          `json:"bare"`
	// Unfinished is the merge, cherry-pick, revert or stash pop that has stopped.
	Unfinished *Unfinished `json:"unfinished,omitempty"`
	// Bisecting is where HEAD was when the bisection began that is going on: a
	// branch, or a commit.
	Bisecting string `json:"bisecting,omitempty"`
}

// StatusEntry is a dataset or a plain file that differs.
type StatusEntry struct {
	Name          string   `json:"name"`           // dataset, or path of a plain file
	Kind          string   `json:"kind"`           // dataset, file
	Change        string   `json:"change"`         // A, M, D
	Paths         []string `json:"paths"`          // files concerned (unstaged)
	Added         int64    `json:"added"`          // samples; staged only
	Removed       int64    `json:"removed"`        //
	Modified      int64    `json:"modified"`       //
	SchemaChanged bool     `json:"schema_changed"` //
	Old           ID       `json:"old"`            // table in HEAD (staged) or index
	New           ID       `json:"new"`            // table in the index (staged)
}

// RestoreOptions of Repo.Restore.
type RestoreOptions struct {
	Dir       string   // where relative paths begin
	Addresses []string // datasets, paths, glob patterns; "." for all
	Staged    bool     // the index, from HEAD
	Worktree  bool     // the working files; both may be set
	Source    string   // revision; "" = index (working files) or HEAD (staged)
	Checkout  bool     // the hook post-checkout is told
}

// RestoreResult is strata.restore/1.
type RestoreResult struct {
	Schema   string   `json:"schema"`
	Datasets []string `json:"datasets"` // restored
	Files    int64    `json:"files"`    // written
	Deleted  int64    `json:"deleted"`
}

// RemoveOptions of Repo.Remove (rm).
type RemoveOptions struct {
	Dir       string
	Addresses []string
	Cached    bool // keep the working files
	Force     bool // even if they differ
	Recursive bool // what is below directories; without it naming one is an error
	DryRun    bool
}

// RemoveResult is strata.rm/1.
type RemoveResult struct {
	Schema   string   `json:"schema"`
	Datasets []string `json:"datasets"`
	Files    []string `json:"files"`
}

// MoveOptions of Repo.Move (mv): a dataset or a plain file.
type MoveOptions struct {
	Dir      string
	From, To string
	Force    bool
	DryRun   bool
}

// MoveResult is strata.mv/1.
type MoveResult struct {
	Schema string            `json:"schema"`
	Name   string            `json:"name"`
	To     string            `json:"to"`
	Paths  map[string]string `json:"paths"`
}

// SwitchOptions of Repo.Switch (switch, checkout of a revision).
type SwitchOptions struct {
	Target   string // branch, or with Detach a revision
	Create   bool   // -c: make the branch
	ForceNew bool   // -C
	Start    string // revision that a new branch begins at
	Detach   bool
	Orphan   bool
	Force    bool // throw local changes away
	// Guess lets a Target that is no branch be a revision (checkout).
	Guess bool
}

// SwitchResult is strata.switch/1.
type SwitchResult struct {
	Schema  string `json:"schema"`
	From    string `json:"from"`
	Branch  string `json:"branch"` // "" when detached
	Head    ID     `json:"head"`
	Created bool   `json:"created"`
	Files   int64  `json:"files"` // written
	Deleted int64  `json:"deleted"`
}

// ResetOptions of Repo.Reset.
type ResetOptions struct {
	Mode     string // soft, mixed (default), hard, keep
	Revision string // default HEAD
	Dir      string
	Paths    []string // with paths only their index entries are reset
}

// ResetResult is strata.reset/1.
type ResetResult struct {
	Schema string `json:"schema"`
	Old    ID     `json:"old"`
	Head   ID     `json:"head"`
	Mode   string `json:"mode"`
	Files  int64  `json:"files"` // working files written
	// Deleted counts the working files that are gone.
	Deleted int64 `json:"deleted"`
}
