package meta

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Version is the repository format that this program writes, and the only one
// that it reads.
const Version = 1

// The required features that this program knows.
const (
	FeatureSegments = "segments-1" // docs/format/segment.md
	FeatureDeltas   = "deltas-1"   // docs/format/delta.md
	FeatureSums     = "sums-1"     // values of meta.db have checksums, docs/format/meta.md
)

// Features returns what a new repository requires.
func Features() []string { return []string{FeatureSegments, FeatureDeltas, FeatureSums} }

// BucketSegments is the catalogue of segments, owned by store/segment.
const BucketSegments = "segments"

const (
	bucketFormat  = "format"
	keyVersion    = "version"
	keyNeeds      = "needs" // for messages: the oldest program that reads the version
	prefixFeature = "feature/"
	keySums       = "checksums" // is there with FeatureSums
	pageSize      = 4096        // of new files, the same on every machine
)

func writeFormat(tx Tx, version int, features []string) error {
	if err := tx.Put(bucketFormat, []byte(keyVersion), []byte(strconv.Itoa(version))); err != nil {
		return err
	}
	for _, f := range features {
		if err := tx.Put(bucketFormat, []byte(prefixFeature+f), []byte{}); err != nil {
			return err
		}
		if f == FeatureSums {
			if err := tx.Put(bucketFormat, []byte(keySums), []byte{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFormat refuses a file of another version or with features that this
// program does not know.
func checkFormat(tx Tx) error {
	v := tx.Get(bucketFormat, []byte(keyVersion))
	if v == nil {
		return fmt.Errorf("%w: the file has no format version", object.ErrCorrupt)
	}
	if string(v) != strconv.Itoa(Version) {
		return fmt.Errorf("%w: repository format %q%s, this program reads format %d", object.ErrUnsupported, v,
			neededFor(tx.Get(bucketFormat, []byte(keyNeeds))), Version)
	}
	if tx.sums && !(tx.says(keySums) && tx.says(prefixFeature+FeatureSums)) {
		return fmt.Errorf("%w: the file says and does not say that it has checksums", object.ErrCorrupt)
	}
	for k, needs := range tx.Range(bucketFormat, []byte(prefixFeature)) {
		name := strings.TrimPrefix(string(k), prefixFeature)
		if !known(name) {
			return fmt.Errorf("%w: the repository requires the feature %q%s, which this program does not know", object.ErrUnsupported, name, neededFor(needs))
		}
	}
	return nil
}

// maxRelease bounds what is shown of the name of a release.
const maxRelease = 32

// neededFor says which release knows what this program does not, in brackets,
// if the file tells.
func neededFor(release []byte) string {
	odd := func(r rune) bool { return !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyz.+-", r) }
	if s := string(release); s != "" && len(s) <= maxRelease && !strings.ContainsFunc(s, odd) {
		return " (strata " + s + " or newer)"
	}
	return ""
}

func known(feature string) bool {
	for _, f := range Features() {
		if f == feature {
			return true
		}
	}
	return false
}
