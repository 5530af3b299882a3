package segment

import "context"

// MergeAll merges all segments into one.
func (s *Store) MergeAll(ctx context.Context) error {
	infos, err := s.Segments(ctx)
	if err != nil {
		return err
	}
	return s.replace(ctx, infos)
}
