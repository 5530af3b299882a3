package cli

import (
	"context"

	"github.com/strata-data/strata/pkg/strata"
)

// checkedSize is how large a store may be for doctor to read all of it without
// being asked to.
const checkedSize = 1 << 30

// examineStore says what the repository stores and whether it can be read.
func examineStore(ctx context.Context, r *strata.Repo, full bool) []finding {
	info, err := r.Inspect(ctx, false)
	if err != nil {
		return []finding{{Name: "store", Status: findingError, Value: err.Error()}}
	}
	found := []finding{
		{Name: "datasets", Status: findingOK, Value: count(info.Datasets)},
		{Name: "store", Status: findingOK, Value: plural(info.Objects, "object") + " in " + plural(info.Segments, "segment") + ", " +
			bytesText(info.Size) + " for " + bytesText(info.RawBytes)},
	}
	if info.Size > checkedSize && !full {
		return append(found, finding{Name: "objects", Status: findingInfo, Value: "not read, as there are many", Hint: "strata doctor --full"})
	}
	if info, err = r.Inspect(ctx, true); err != nil {
		return append(found, finding{Name: "objects", Status: findingError, Value: err.Error()})
	}
	if len(info.Damaged) == 0 {
		return append(found, finding{Name: "objects", Status: findingOK, Value: "all of them are what their ids say"})
	}
	for _, d := range info.Damaged {
		found = append(found, finding{Name: "objects", Status: findingError, Value: d,
			Hint: "strata fsck"})
	}
	return found
}
