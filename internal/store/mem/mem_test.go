package mem_test

import (
	"testing"

	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return mem.New() })
}

// TestFaultyWithoutFault checks that the decorator alone changes nothing.
func TestFaultyWithoutFault(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return &storetest.Faulty{Store: mem.New()} })
}
