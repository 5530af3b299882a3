package fsck

// Severity says how bad a finding is.
type Severity string

// The severities. Only errors make a repository unsound.
const (
	Error   Severity = "error"   // data is lost or wrong, or will be taken for something else
	Warning Severity = "warning" // nothing is lost, but it should not be so
	Info    Severity = "info"    // worth knowing
)

// Kind is one kind of finding. Ids never change their meaning and none is
// removed (docs/errors.md).
type Kind struct {
	ID       string
	Severity Severity // the usual one; a finding may be less severe
	Text     string   // one or two sentences
}

// Kinds returns every kind of finding, from the bytes on disk up to history.
func Kinds() []Kind {
	return []Kind{
		{"metaMalformed", Error, "meta.db cannot be read: its pages contradict each other or are not those of a bbolt file."},
		{"formatUnknown", Error, "A newer program wrote the repository, a segment or an object: this one does not know the version or feature."},
		{"catalogueMalformed", Error, "An entry of the catalogue of segments in meta.db cannot be read."},
		{"segmentMissing", Error, "The catalogue names a segment file that is not there."},
		{"segmentSizeWrong", Error, "A segment file is longer or shorter than the catalogue says, so none of it is read."},
		{"segmentIndexWrong", Error, "The index of a segment cannot be read, points outside of the file, or does not fit its name or the catalogue."},
		{"segmentUnreadable", Error, "The operating system cannot read a segment file."},
		{"segmentUnpublished", Info, "A segment file that the catalogue does not name: what a crash left. The next writer removes it."},

		{"objectMissing", Error, "Something names an object that no segment has."},
		{"objectHashMismatch", Error, "The bytes of an object are not those that its id names: the disk or another program changed them."},
		{"objectTruncated", Error, "An object ends before its format says that it does."},
		{"objectTrailingBytes", Error, "Bytes follow behind the end of an object."},
		{"objectUnknownKind", Error, "The first byte of an object is not that of a kind that this program knows."},
		{"objectWrongKind", Error, "An object is of another kind than what names it needs."},
		{"objectMalformed", Error, "An object is not in the one form that its format allows."},
		{"objectUnreferenced", Info, "Published objects that nothing names any more; strata gc removes them after a while."},

		{"chunkBadLayout", Error, "A page, page list, leaf or chunk list cannot be decoded, or is not in the one form for its values."},
		{"chunkStatsWrong", Error, "Counts, bounds, keys or byte sums in a leaf, page list or node are not those of what lies below it."},
		{"schemaMismatch", Error, "A leaf or a source file has a column that the schema does not have."},
		{"treeUnsorted", Error, "Keys of a table are not in ascending order."},
		{"treeWrongLevel", Error, "A node or leaf stands at another level of its table than it says."},
		{"treeNotCanonical", Error, "Pages, leaves or nodes end where the keys do not say so: equal rows would not have equal roots."},
		{"treeChildMissing", Error, "A node names a node or leaf that no segment has."},
		{"sourceBroken", Error, "A file of a dataset does not come back with its bytes."},

		{"commitBadParent", Error, "A parent of a commit is missing, damaged or no commit."},
		{"commitBadGeneration", Error, "The generation of a commit is not one more than the greatest of its parents'."},
		{"commitBadTime", Warning, "A commit is older than its parent: a clock was wrong."},

		{"refDangling", Error, "A ref names an object that is not there, or not whole."},
		{"refMalformed", Error, "A ref has a name or a value that refs cannot have, or names an object that it may not name."},
		{"reflogDangling", Warning, "An entry of a reflog names an object that is not there, or not whole."},
		{"reflogMalformed", Error, "An entry of a reflog cannot be read."},
		{"indexMalformed", Error, "An entry of the index or of the stat cache cannot be read."},
		{"stateMalformed", Error, "What is remembered of an unfinished merge, cherry-pick, revert, stash or bisection, or of known damage, cannot be read."},
		{"operationDangling", Warning, "The operation log names an object that is not there, or not whole: undo cannot go back that far."},
		{"operationMalformed", Error, "A record of the operation log, which undo needs, cannot be read."},
	}
}

func kindOf(id string) Kind {
	for _, k := range Kinds() {
		if k.ID == id {
			return k
		}
	}
	panic("fsck: no kind of finding " + id)
}
